"""The study of β as steps: a sweep for each world and for images, and the report."""

from pathlib import Path

from tfrwc.components import (
    BetaVAEStudy,
    ReportGen,
    SavedModelPusher,
)


def steps(trial, saved_models) -> list:
    """Steps of a trial, the last of which is the report.

    Args:
        trial: a `tfrwc.studies.beta.trial.Trial`.
        saved_models: folder to push the model of the images' best β to.
    """
    made = [
        BetaVAEStudy(part=part, trial=trial.of_part(part).to_json()).with_id(
            f"BetaVAEStudy-{part}"
        )
        for part in trial.parts()
    ]
    evaluations = [step.outputs["evaluation"] for step in made]
    report = ReportGen(
        study="optimal_beta", settings=trial.to_json(), evaluations=evaluations
    )
    [images] = [step for step in made if step.parameters["part"] == "images"]
    pusher = SavedModelPusher(
        model=images.outputs["model"],
        name=trial.name,
        folder=str(Path(saved_models).absolute()),
    )
    return [*made, pusher, report]

"""The study of β as steps: a sweep for each world and for images, and the report."""

import os

from tfrwc._common.paths import local_path
from tfrwc.components import BetaVAEStudy, ReportGen, SavedModelPusher
from tfrwc.components.engine.step import Step
from tfrwc.studies.beta.trial import Trial


def steps(trial: Trial, saved_models: str | os.PathLike[str]) -> list[Step]:
    """Steps of a trial, the last of which is the report.

    Args:
        trial: settings of the study.
        saved_models: folder to push the model of the images' best β to.
    """
    sweeps = [
        BetaVAEStudy(
            part=part,
            trial=trial.of_part(part).to_json(),
        ).with_id(f"BetaVAEStudy-{part}")
        for part in trial.parts()
    ]
    evaluations = [step.outputs["evaluation"] for step in sweeps]
    report = ReportGen(
        study="optimal_beta", settings=trial.to_json(), evaluations=evaluations
    )
    [images] = [step for step in sweeps if step.parameters["part"] == "images"]
    pusher = SavedModelPusher(
        model=images.outputs["model"],
        name=trial.name,
        folder=str(local_path(saved_models, "saved_models")),
    )
    return [*sweeps, pusher, report]

"""The study of learning dynamics as steps: train, record, analyse, report."""

from pathlib import Path

from tfrwc.components import (
    DynamicsAnalyzer,
    ImageExampleGen,
    ReportGen,
    RWCTrainer,
    SavedModelPusher,
)
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.datasets.sources import folder_of


def steps(trial, saved_models=None) -> list:
    """Steps of a trial, the last of which is the report.

    Args:
        trial: a `tfrwc.studies.dynamics.trial.Trial`.
        saved_models: folder to push the network of the first seed to, or None.
    """
    folder = folder_of(trial.dataset)
    data = ImageExampleGen(
        dataset=trial.dataset,
        purpose="classes",
        images=trial.images or 0,
        fingerprint=fingerprint(folder) if folder else "",
    )
    trainers = [
        RWCTrainer(
            examples=data.outputs["examples"],
            recipe="published",
            network=trial.model,
            epochs=trial.epochs,
            seed=seed,
            learning_rate=trial.learning_rate or 0.0,
        ).with_id(f"RWCTrainer-seed-{seed}")
        for seed in trial.seeds
    ]
    analyzer = DynamicsAnalyzer(
        examples=data.outputs["examples"],
        models=[trainer.outputs["model"] for trainer in trainers],
        recordings=[trainer.outputs["recording"] for trainer in trainers],
        trial=trial.to_json(),
    )
    made = [data, *trainers, analyzer]
    if saved_models is not None:
        first = trainers[0].outputs
        made.append(
            SavedModelPusher(
                model=first["model"],
                statement=first["statement"],
                name=trial.name,
                folder=str(Path(saved_models).absolute()),
            )
        )
    trends = [analyzer.outputs["trends"]]
    return [*made, ReportGen(study="learning_dynamics", trends=trends)]

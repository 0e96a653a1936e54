"""The study of learning dynamics as steps: train, record, analyse, report."""

import os

from tfrwc._common.paths import local_path
from tfrwc.components import (
    DynamicsAnalyzer,
    ImageExampleGen,
    ReportGen,
    RWCTrainer,
    SavedModelPusher,
)
from tfrwc.components.engine.step import Step
from tfrwc.studies.dynamics.trial import Trial


def steps(
    trial: Trial, saved_models: str | os.PathLike[str] | None = None
) -> list[Step]:
    """Steps of a trial, the last of which is the report.

    Args:
        trial: a network, a data set, and how the network is trained.
        saved_models: folder to push the network of the first seed to, or None.
    """
    data = ImageExampleGen(
        dataset=trial.dataset,
        purpose="classes",
        images=trial.images or 0,
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
    steps = [data, *trainers, analyzer]
    if saved_models is not None:
        first = trainers[0].outputs
        steps.append(
            SavedModelPusher(
                model=first["model"],
                statement=first["statement"],
                name=trial.name,
                folder=str(local_path(saved_models, "saved_models")),
            )
        )
    trends = [analyzer.outputs["trends"]]
    return [*steps, ReportGen(study="learning_dynamics", trends=trends)]

"""The private study as steps: what privacy costs on X-rays."""

import json
import math
import os
from collections.abc import Mapping

from tfrwc._common.paths import local_path
from tfrwc.components import (
    ImageExampleGen,
    ModelBlesser,
    PrivacyEvaluator,
    PrivateExampleGen,
    ReportGen,
    RWCTrainer,
    SavedModelPusher,
)
from tfrwc.components.engine.epsilons import to_parameter
from tfrwc.components.engine.step import Channel, Step
from tfrwc.studies.privacy import arms as private_arms
from tfrwc.studies.privacy import data as private_data
from tfrwc.studies.privacy.trial import Trial

# A model is pushed if it is surely better than chance in balanced accuracy, at a budget
# that is usual for DP-SGD.
_AT_LEAST, _EPSILON_AT_MOST = 0.5, 10.0


def steps(
    trial: Trial,
    saved_models: str | os.PathLike[str],
    folder: str | os.PathLike[str] | None = None,
    patients: str | os.PathLike[str] | None = None,
    images_per_patient: int | None = None,
) -> list[Step]:
    """Steps of a trial, the last of which is the report.

    Args:
        trial: settings of the study.
        saved_models: folder to push the best private model to.
        folder: with the X-rays, for the data set "xrays".
        patients, images_per_patient: of X-rays, see `tfrwc.studies.privacy.data.load`.
    """
    size = private_data.DATA_SETS[trial.dataset].size
    table = local_path(patients, "patients") if patients else None
    data = ImageExampleGen(
        dataset=trial.dataset,
        purpose="two_classes",
        folder=str(folder or ""),
        patients=str(table or ""),
        images_per_patient=images_per_patient or 0,
    )
    first = [data]
    start: dict[str, Channel] = {}
    if trial.public != "none":
        public = ImageExampleGen(
            dataset=trial.public,
            purpose="public",
            size=size,
        )
        base = RWCTrainer(
            examples=public.with_id("ImageExampleGen-public").outputs["examples"],
            recipe="public",
            network=trial.model,
            epochs=0,
        ).with_id("RWCTrainer-public")
        first += [public, base]
        start = {"base": base.outputs["model"]}
    arms = private_arms.arms(trial.mechanisms, trial.epsilons)
    runs = {
        (arm, seed): _run(trial, arm, seed, data, start)
        for arm in arms
        for seed in trial.seeds
    }
    last: list[Step] = []
    pushed: dict[str, Channel] = {}
    budgets = {arm.epsilon: arm for arm in reversed(arms)}
    if finite := [epsilon for epsilon in budgets if math.isfinite(epsilon)]:
        *_, trainer, evaluator = runs[budgets[max(finite)], trial.seeds[0]]
        last = _push(trial, saved_models, trainer, evaluator)
        pushed = {"pushed": last[-1].outputs["pushed"]}
    report = ReportGen(
        study="private_pneumonia",
        settings=json.dumps(trial.settings()),
        examples=data.outputs["examples"],
        evaluations=[run[-1].outputs["evaluation"] for run in runs.values()],
        **pushed,
    )
    return [*first, *(step for run in runs.values() for step in run), *last, report]


def _push(
    trial: Trial, saved_models: str | os.PathLike[str], trainer: Step, evaluator: Step
) -> list[Step]:
    """Steps that push a private model, if it is good and private enough."""
    blesser = ModelBlesser(
        evaluation=evaluator.outputs["evaluation"],
        measure="balanced_accuracy",
        at_least=_AT_LEAST,
        epsilon_at_most=_EPSILON_AT_MOST,
    )
    pusher = SavedModelPusher(
        model=trainer.outputs["model"],
        evaluation=evaluator.outputs["evaluation"],
        statement=trainer.outputs["statement"],
        blessing=blesser.outputs["blessing"],
        name=trial.name,
        folder=str(local_path(saved_models, "saved_models")),
    )
    return [blesser, pusher]


def _run(
    trial: Trial,
    arm: private_arms.Arm,
    seed: int,
    data: Step,
    start: Mapping[str, Channel],
) -> list[Step]:
    """Steps of one arm with one seed: a release, if it has one; training; a test."""
    name = f"{arm.name}-seed-{seed}"
    examples = data.outputs["examples"]
    release: list[Step] = []
    released: dict[str, Channel] = {}
    if arm.kind == "local-dp":
        step = PrivateExampleGen(examples=examples, mechanism=arm.name, seed=seed)
        release = [step.with_id(f"PrivateExampleGen-{name}")]
        examples = step.outputs["private"]
        released = {"released": examples}
    recipe = "plain"
    if arm.kind == "dp-sgd":
        recipe = "dp_sgd" if math.isfinite(arm.epsilon) else "clipped"
    trainer = RWCTrainer(
        examples=examples,
        recipe=recipe,
        network=trial.model,
        epochs=trial.epochs,
        seed=seed,
        epsilon=to_parameter(arm.epsilon),
        **start,
    ).with_id(f"RWCTrainer-{name}")
    statement = [*release, trainer][0].outputs["statement"]
    evaluator = PrivacyEvaluator(
        examples=data.outputs["examples"],
        model=trainer.outputs["model"],
        recording=trainer.outputs["recording"],
        statement=statement,
        arm=arm.name,
        **released,
    ).with_id(f"PrivacyEvaluator-{name}")
    return [*release, trainer, evaluator]

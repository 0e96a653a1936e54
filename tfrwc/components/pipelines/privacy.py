"""The private study as steps: what privacy costs on X-rays."""

import json
import math
from pathlib import Path

from tfrwc.components import (
    ImageExampleGen,
    ModelBlesser,
    PrivacyEvaluator,
    PrivateExampleGen,
    ReportGen,
    RWCTrainer,
    SavedModelPusher,
)
from tfrwc.components.epsilons import to_parameter
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.studies.privacy import arms as private_arms
from tfrwc.studies.privacy import data as private_data

# Balanced accuracy that a pushed model is surely above: chance. Greatest epsilon: of
# the budgets usual for DP-SGD.
_AT_LEAST, _EPSILON_AT_MOST = 0.5, 10.0


def steps(trial, saved_models, folder=None) -> list:
    """Steps of a trial, the last of which is the report.

    Args:
        trial: a `tfrwc.studies.privacy.trial.Trial`.
        saved_models: folder to push to.
        folder: with the X-rays, for the data set "xrays".
    """
    size = private_data.SIZES[trial.dataset]
    data = ImageExampleGen(
        dataset=trial.dataset,
        purpose="two_classes",
        folder=str(folder or ""),
        fingerprint=fingerprint(folder) if folder else "",
    )
    made, start = [data], {}
    if trial.public != "none":
        public = ImageExampleGen(dataset=trial.public, purpose="public", size=size)
        base = RWCTrainer(
            examples=public.with_id("ImageExampleGen-public").outputs["examples"],
            recipe="public",
            network=trial.model,
            epochs=0,
        ).with_id("RWCTrainer-public")
        made += [public, base]
        start = {"base": base.outputs["model"]}
    arms = private_arms.arms((size, size), trial.mechanisms, trial.epsilons)
    runs = {
        (arm, seed): _run(trial, arm, seed, data, start)
        for arm in arms
        for seed in trial.seeds
    }
    made += [step for run in runs.values() for step in run]
    private = [arm for arm in arms if math.isfinite(arm.epsilon)]
    if private:
        best = max(private, key=lambda arm: arm.epsilon)
        made += _push(trial, saved_models, *runs[best, trial.seeds[0]])
    report = ReportGen(
        study="private_pneumonia",
        settings=json.dumps(trial.settings()),
        examples=data.outputs["examples"],
        evaluations=[run[-1].outputs["evaluation"] for run in runs.values()],
    )
    return [*made, report]


def _push(trial, saved_models, trainer, evaluator):
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
        folder=str(Path(saved_models).absolute()),
    )
    return [blesser, pusher]


def _run(trial, arm, seed, data, start):
    """Steps of one arm with one seed: of releasing, training, evaluating."""
    name = f"{arm.name}-seed-{seed}"
    examples, given, steps = data.outputs["examples"], {}, []
    if arm.kind == "local-dp":
        released = PrivateExampleGen(examples=examples, mechanism=arm.name, seed=seed)
        steps.append(released.with_id(f"PrivateExampleGen-{name}"))
        examples = released.outputs["private"]
        given = {"released": examples}
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
    stated = (steps[0] if steps else trainer).outputs["statement"]
    evaluator = PrivacyEvaluator(
        examples=data.outputs["examples"],
        model=trainer.outputs["model"],
        recording=trainer.outputs["recording"],
        statement=stated,
        arm=arm.name,
        **given,
    ).with_id(f"PrivacyEvaluator-{name}")
    return [*steps, trainer, evaluator]

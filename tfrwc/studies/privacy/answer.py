"""Whether a model is private, how good it is, and where it is stored."""

from typing import Any

from tfrwc._common.percent import percent
from tfrwc._common.plain import number
from tfrwc.report.answer import Answer
from tfrwc.studies.privacy.allowed import allowed_advantage
from tfrwc.studies.privacy.names import arm_name, epsilon_of, guaranteed

Arm = dict[str, Any]
Results = dict[str, Any]

STRICT = 10.0  # the greatest epsilon of an image that still hides something of it
_SLACK = 1.001
# Intervals over fewer seeds are narrower than they should be.
_FEW_SEEDS = 3
_HALF = 0.5


def answer(results: Results) -> Answer:
    """What a page on training says first.

    Args:
        results: of `tfrwc.studies.privacy.summary.summarise`; ``model``, if it is
            there, has the path of the model that was kept, or None.
    """
    chosen = chosen_arm(results)
    if chosen is None:
        return Answer(_without(results), (), tuple(_doubts(results, None)))
    sentence = " ".join(
        [_private(chosen), _good(results, chosen), _lies(results, chosen)]
    )
    lines = [*_patient(chosen), *_others(results, chosen)]
    return Answer(sentence.strip(), tuple(lines), tuple(_doubts(results, chosen)))


def chosen_arm(results: Results) -> Arm | None:
    """The private training whose model is kept: that of the greatest epsilon there is;
    None where none has a guarantee."""
    finite = [a for a in results["arms"] if a["kind"] == "dp-sgd" and guaranteed(a)]
    return max(finite, key=epsilon_of, default=None)


def hides(epsilon: float) -> bool:
    """Whether an epsilon, but for rounding, is small enough to hide something."""
    return epsilon <= STRICT * _SLACK


def shown_epsilon(epsilon: float) -> str:
    """Three digits; large ones in full."""
    return f"{epsilon:,.0f}" if epsilon >= 100 else f"{epsilon:.3g}"


def _private(arm: Arm) -> str:
    epsilon = epsilon_of(arm)
    kept = f"epsilon {epsilon:.3g} for an image (delta {arm['delta']:.1g})"
    advantage = allowed_advantage(arm) or 0.0
    attack = (
        "no attack that tells training images from others can have an advantage above "
        f"{advantage:.3f} (0: it guesses, 1: it is always right)"
    )
    if hides(epsilon):
        weakly = "" if advantage <= _HALF else ", but weakly"
        return f"The model is private{weakly}: DP-SGD kept {kept}, and {attack}."
    return f"The model is not private: DP-SGD kept {kept}, too much; {attack}."


def _good(results: Results, arm: Arm) -> str:
    score = arm["test"]["balanced_accuracy"]
    plain = results["arms"][0]["test"]["balanced_accuracy"]
    said = (
        f"its balanced accuracy is {percent(score['value'])} (95 % interval "
        f"{percent(score['low'])} to {percent(score['high'])}), without privacy "
        f"{percent(plain['value'])}"
    )
    if score["low"] > _HALF:
        return f"It is better than guessing: {said}."
    return f"That it is better than guessing cannot be told: {said}; guessing has 50 %."


def _lies(results: Results, arm: Arm) -> str:
    if "model" not in results:
        return ""
    path = results["model"]["path"]
    if path is not None:
        return f"It is stored in {path}."
    why = "the first of its trainings is not surely better, or an attack found too much"
    if not arm["test"]["balanced_accuracy"]["low"] > _HALF:
        why = "it is not surely better than guessing"
    elif not hides(epsilon_of(arm)):
        why = f"its epsilon is above {STRICT:g}"
    return f"It was not put where models are served from: {why}."


def _without(results: Results) -> str:
    score = results["arms"][0]["test"]["balanced_accuracy"]
    return (
        "No model is private here: none was trained with noise on its gradients. "
        f"Without privacy the balanced accuracy is {percent(score['value'])} (95 % "
        f"interval {percent(score['low'])} to {percent(score['high'])}; guessing has "
        "50 %)."
    )


def _patient(arm: Arm) -> list[str]:
    images = arm["statement"]["images_per_patient"]
    if images < 2:
        return []
    epsilon = number(arm["statement"]["patient_epsilon"])
    verdict = "" if hides(epsilon) else ", which hides no patient"
    return [
        f"For all of up to {images} images of a patient together epsilon is "
        f"{shown_epsilon(epsilon)}{verdict}."
    ]


def _others(results: Results, chosen: Arm) -> list[str]:
    others = [
        f"{percent(arm['test']['balanced_accuracy']['value'])} by {arm_name(arm)}"
        for arm in results["arms"]
        if arm["kind"] == "dp-sgd" and arm is not chosen
    ]
    if not others:
        return []
    return [f"Balanced accuracy with other budgets: {', '.join(others)}."]


def _doubts(results: Results, chosen: Arm | None) -> list[str]:
    doubts = []
    seeds = len(results["arms"][0]["seconds"])
    if seeds == 1:
        doubts.append(
            "One seed: how another training would do cannot be told. Intervals are "
            "over test images alone."
        )
    elif seeds < _FEW_SEEDS:
        doubts.append(
            f"{seeds} seeds: intervals over so few are narrower than they should be."
        )
    if chosen is not None:
        doubts.append(
            "Each way of training has settings of its own, so that they differ in more "
            "than privacy. They were chosen on held-out images of PneumoniaMNIST, "
            "which costs privacy of these images that no epsilon here contains."
        )
    return doubts

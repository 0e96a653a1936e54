"""What a private study found, in sentences."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tfrwc._common.percent import percent
from tfrwc.recording.names import shortened
from tfrwc.studies.privacy.allowed import allowed_advantage
from tfrwc.studies.privacy.answer import answer, hides
from tfrwc.studies.privacy.names import (
    arm_name,
    epsilon_of,
    guaranteed,
    release_name,
)

Arm = dict[str, Any]


def findings(results: dict[str, Any]) -> list[str]:
    """Say in sentences what the results show, the answer first."""
    said = answer(results)
    return [said.sentence, *said.lines, *details(results)]


def details(results: dict[str, Any]) -> list[str]:
    """What was found of each way of training, in sentences."""
    arms = results["arms"]
    seeds = len(arms[0]["seconds"])
    lines = [
        f"{results['data']['origin']}: always naming the commoner class is right on "
        f"{percent(results['data']['majority'])} of the test images (balanced accuracy "
        f"50 %, AUC 0.5). Without privacy: {_said(arms[0])}, mean of {seeds} "
        f"seed{'s' if seeds > 1 else ''}."
    ]
    private = [arm for arm in arms if arm["kind"] == "dp-sgd"]
    for arm in private:
        what = (
            "With gradients clipped and no noise"
            if not guaranteed(arm)
            else f"{arm_name(arm)} for an image (delta {arm['delta']:.1g})"
        )
        lines.append(f"{what}: {_said(arm)}.")
    local = [arm for arm in arms if arm["kind"] == "local-dp"]
    lines += _of_local(local, private)
    lines += _of_shift(local)
    lines.append(largest_advantage(arms))
    lines += change_of_layers(arms[0], private)
    return lines


def _of_local(local, private):
    strict = [a for a in local if guaranteed(a) and hides(epsilon_of(a))]
    for arm in strict:
        yield (
            f"Trained on {arm_name(arm)}, the same kind of guarantee "
            f"(epsilon {epsilon_of(arm):.3g} for an image): {_said(arm)}."
        )
    finite = [arm for arm in private if guaranteed(arm)]
    if not finite or not local:
        return
    mark = min(finite, key=epsilon_of)
    level = mark["test"]["auc"]["value"]
    as_good = [a for a in local if guaranteed(a) and a["test"]["auc"]["value"] >= level]
    if as_good:
        least = min(as_good, key=epsilon_of)
        yield (
            f"To reach the AUC of DP-SGD at epsilon {epsilon_of(mark):.3g} on released "
            f"images takes {release_name(least['name'])}: epsilon "
            f"{epsilon_of(least):,.0f} for an image, which protects nobody's."
        )
    else:
        yield (
            f"No release with a guarantee for images reaches the AUC of DP-SGD at "
            f"epsilon {epsilon_of(mark):.3g}."
        )


def _of_shift(local):
    shifts = [arm for arm in local if "identity" in arm]
    for arm in shifts:
        means = {
            name: np.mean([one[name] for one in arm["identity"]])
            for name in arm["identity"][0]
        }
        yield (
            f"{_upper(release_name(arm['name']))}, published as Local-DP, guarantees "
            "nothing and blanks "
            f"{percent(means['blank'])} of the training images (exp(-epsilon) is "
            f"{percent(means['expected_blank'])}): training accuracy "
            f"{percent(means['measured'])}, where (1 - exp(-epsilon)) a + "
            f"exp(-epsilon) majority with a = {percent(means['a'])} gives "
            f"{percent(means['predicted'])}, and "
            f"{percent(means['predicted_by_share'])} with the share that was blank. On "
            f"clean test images: {_said(arm)}."
        )


def largest_advantage(arms: list[Arm]) -> str:
    """How well the attack tells who was in the training, and what was allowed."""
    rows = [(row, arm) for arm in arms for row in arm["membership"]["advantage"]]
    largest, whose = max(rows, key=lambda pair: pair[0]["value"])
    said = (
        "The threshold attack tells training images from held-out ones with an "
        f"advantage of at most {largest['value']:.3f} ({largest['low']:.3f} to "
        f"{largest['high']:.3f}; by chance {largest['null_low']:.3f} to "
        f"{largest['null_high']:.3f}), of {arm_name(whose)}"
    )
    limits = [(allowed_advantage(arm), arm) for arm in arms]
    bounded = [
        (row["low"], limit)
        for limit, arm in limits
        if limit is not None
        for row in arm["membership"]["advantage"]
    ]
    if not bounded:
        return f"{said}."
    above = sum(low > limit for low, limit in bounded)
    return (
        f"{said}; of {len(bounded)} run{'s' if len(bounded) > 1 else ''} with a "
        f"guarantee {above or 'none'} {'are' if above > 1 else 'is'} above the most "
        "that the noise allows."
    )


def change_of_layers(plain: Arm, private: list[Arm]) -> Iterator[str]:
    """What noise does to which layers."""
    finite = sorted(filter(guaranteed, private), key=epsilon_of)
    if not finite:
        return
    noisy, calm = finite[0], finite[-1]
    alone, change = np.array(plain["change"]), np.array(noisy["change"])
    yield (
        "Without privacy the layer that changes most in an epoch changes "
        f"{alone.max() / alone.min():,.1f} times as much as the one that changes "
        f"least; at epsilon {epsilon_of(noisy):.3g} {change.max() / change.min():,.1f} "
        "times."
    )
    if noisy is calm:
        return
    ratio = change / np.array(calm["change"])
    names, most, least = noisy["layers"]["name"], ratio.argmax(), ratio.argmin()
    yield (
        f"At epsilon {epsilon_of(noisy):.3g} layers change {np.median(ratio):.1f} "
        f"times as much in an epoch as at {epsilon_of(calm):.3g} (median). Most so "
        f"{shortened(names[most])} ({ratio[most]:.1f} times), least "
        f"{shortened(names[least])} "
        f"({ratio[least]:.1f})."
    )


def _said(arm):
    test = arm["test"]
    return ", ".join(
        f"{words} {_spread(test[measure], is_share)}"
        for words, measure, is_share in (
            ("accuracy", "accuracy", True),
            ("balanced accuracy", "balanced_accuracy", True),
            ("AUC", "auc", False),
        )
    )


def _spread(score, is_share):
    text = percent if is_share else "{:.3f}".format
    value, low, high = (text(score[k]) for k in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _upper(text):
    return text[:1].upper() + text[1:]

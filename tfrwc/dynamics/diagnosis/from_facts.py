"""What optimizer, loss and layers show, by themselves or where nothing is learned."""

from collections.abc import Iterator
from typing import Any

from tfrwc.dynamics.diagnosis.advice import ADVICE, finding
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.finding import Finding
from tfrwc.dynamics.diagnosis.progress import how_it_went, learned
from tfrwc.dynamics.diagnosis.thresholds import Thresholds

CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy")
PROBABILITIES = (
    *(*CLASSES, "binary_crossentropy", "kl_divergence"),
    *("categorical_focal_crossentropy", "binary_focal_crossentropy"),
)
# Activations whose values are no probabilities.
_UNBOUNDED = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish"),
    *("tanh", "softplus", "softsign", "exponential", "mish", "hard_tanh"),
)


def misfits(facts: dict[str, Any]) -> Iterator[Finding]:
    """A last layer that its loss cannot take, whatever the weights do.

    Args:
        facts: see `tfrwc.recording.training_facts`.
    """
    output, loss = facts.get("output") or {}, facts.get("loss")
    activation, units = output.get("activation"), output.get("units")
    takes_logits = facts.get("from_logits", False)
    if activation == "softmax" and units == 1:
        yield Finding(
            "wrong_last_activation",
            "The last layer is softmax over one unit, which is 1 for every input: it "
            "has no gradient.",
            "Use sigmoid for a yes or no, or no activation for a regression.",
            "certain",
            "output",
        )
    elif loss in PROBABILITIES and activation in _UNBOUNDED and not takes_logits:
        kind = f"{'missing' if activation == 'linear' else 'wrong'}_last_activation"
        yield Finding(
            kind,
            f"The loss {loss} takes probabilities, and the last layer ({activation}) "
            "gives numbers of any size or sign.",
            ADVICE[kind],
            "certain",
            "output",
        )
    elif takes_logits and activation in ("softmax", "sigmoid"):
        yield Finding(
            "wrong_last_activation",
            "The loss takes logits (from_logits=True), and the last layer has applied "
            f"{activation} already.",
            f"Leave out {activation}, or from_logits=True.",
            "certain",
            "output",
        )


def dropout(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """So much dropout that nothing is learned."""
    rate = course.facts.get("dropout") or 0.0
    if rate <= limits.dropout or course.length < limits.least_steps:
        return
    if not learned(course, limits):
        yield finding(
            "dropout_too_high",
            f"Dropout leaves out {100 * rate:.0f} % of a layer's values. "
            f"{how_it_went(course)}",
            "likely",
        )


def initial_weights(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """Initialisers from which a network cannot learn, where it does not."""
    if learned(course, limits) or course.length < limits.least_steps:
        return
    known = course.facts.get("initial_spread") or []
    for name, spread in zip(course.names[:-1], known, strict=False):
        if spread is None or 1 / limits.initial_spread < spread < limits.initial_spread:
            continue
        evidence, sure = (
            f"The initialiser of {name} makes its sums begin at a size of {spread:.2g}",
            "possible",
        )
        if spread == 0:
            evidence, sure = f"All units of {name} begin alike, and stay so", "likely"
        evidence += f". {how_it_went(course)}"
        yield finding("wrong_initializer", evidence, sure, name)
        return


def penalty(course: Course, limits: Thresholds) -> Iterator[Finding]:
    """A penalty for large weights that outweighs what is to be learned."""
    chance, (first, _) = course.chance_loss, course.loss_ends
    if not course.facts.get("regularised") or course.length < 2 * limits.least_steps:
        return
    if first - chance >= limits.penalty * chance and not course.gain >= 0.2:
        yield finding(
            "penalty_too_high",
            f"The loss began at {course.named_loss[0]:.3g}, of which guessing with all "
            f"classes equally likely costs {chance:.3g}: the rest is the penalty for "
            "large weights, or outputs were extreme from the start. "
            f"{how_it_went(course)}",
            "likely",
        )

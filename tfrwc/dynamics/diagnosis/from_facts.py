"""What is wrong whatever the weights do: a last layer that its loss cannot take."""

from collections.abc import Iterator
from typing import Any

from tfrwc.dynamics.diagnosis.advice import ADVICE
from tfrwc.dynamics.diagnosis.finding import Finding

CLASSES = ("categorical_crossentropy", "sparse_categorical_crossentropy")
PROBABILITIES = (*CLASSES, "binary_crossentropy", "categorical_focal_crossentropy")
# Activations whose values are no probabilities.
_UNBOUNDED = (
    *("linear", "relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish"),
    *("tanh", "softplus", "softsign", "exponential", "mish", "hard_tanh"),
)


def from_facts(facts: dict[str, Any]) -> Iterator[Finding]:
    """Findings that follow from the last layer and the loss alone.

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

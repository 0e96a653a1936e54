"""What a training step gives for examples of a batch, and how two answers differ."""

from typing import NamedTuple

import numpy as np

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf

# A smaller gradient may be what rounding left of a difference.
_LEAST_NORM = 1e-3


class Answer(NamedTuple):
    """What a step makes of the examples that it is asked about.

    Attributes:
        values: of these examples, tensors (examples, ...), by what they are.
        norms: of their gradients, (examples,).
        gradients: by variable, the sum of their gradients, each divided by its norm
            and times the weight of the example: what clipping makes of large ones.
    """

    values: dict[str, tf.Tensor]
    norms: tf.Tensor
    gradients: dict[str, tf.Tensor]

    def reversed(self) -> "Answer":
        """With the examples in the opposite order."""
        values = {what: value[::-1] for what, value in self.values.items()}
        return Answer(values, self.norms[::-1], self.gradients)


def difference(
    one: Answer, other: Answer, tolerance: float, rounded: bool = False
) -> str:
    """What is different in two answers about the same examples; "" if nothing is.

    Args:
        one, other: the answers.
        tolerance: for values, over the largest of an example; for norms, over these;
            for gradients, over the norm that they were brought to.
        rounded: whether gradients may have been rounded otherwise, so that those that
            almost vanish say nothing.
    """
    for what, value in one.values.items():
        if not _near(value.numpy(), other.values[what].numpy(), tolerance):
            return what
    norms = one.norms.numpy()
    if rounded and not (norms > _LEAST_NORM).all():
        return ""
    if not _near(norms, other.norms.numpy(), tolerance):
        return "gradient"
    for path, gradient in one.gradients.items():
        moved = np.linalg.norm(gradient.numpy() - other.gradients[path].numpy())
        if not moved <= tolerance:
            return f"gradient of {path!r}"
    return ""


def _near(one: np.ndarray, other: np.ndarray, tolerance: float) -> bool:
    if one.shape != other.shape:
        return False
    if one.dtype.kind not in "fc" and "float" not in one.dtype.name:
        return np.array_equal(one, other)
    one, other = (a.reshape(len(a), -1).astype(np.float64) for a in (one, other))
    finite = np.isfinite(one)
    if not np.array_equal(finite, np.isfinite(other)):
        return False
    scale = np.abs(np.where(finite, one, 0)).max(axis=1, keepdims=True, initial=0)
    moved = np.abs(np.where(finite, one, 0) - np.where(finite, other, 0))
    return bool((moved <= tolerance * scale + 1e-12).all())

"""Per-example gradients of weights, from a layer's inputs and output gradients.

Two forms. `PerExample` holds them. `Ghost` never forms them unless asked: norms come
from Gram matrices of inputs and output gradients (Goodfellow, arXiv:1510.01799; Li et
al., arXiv:2110.05679), and the sum of the clipped ones is one ordinary weight gradient
(Bu et al., arXiv:2210.00038). All arrays are float32.
"""

import math

import numpy as np

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf

# Forming a gradient costs about as much in memory traffic as this many multiplications
# per value: a rough estimate, from 1e11 operations and 1e10 bytes in a second.
_COST_OF_A_VALUE = 60


class PerExample:
    """Gradients of a variable: `values` (batch, *its shape)."""

    def __init__(self, variable, values):
        self.variable = variable
        self.values = values

    def square_norms(self):
        """Squares of the L2 norms, (batch,)."""
        return tf.reduce_sum(tf.square(_flat(self.values)), axis=1)

    def weighted_sum(self, weights):
        """Their sum over the batch, each times its weight (batch,)."""
        total = tf.linalg.matvec(_flat(self.values), weights, transpose_a=True)
        return tf.reshape(total, self.variable.shape)

    def only(self, kept):
        """The same, 0 for all but some examples, bool (batch,)."""
        return PerExample(self.variable, masked(self.values, kept))


class Ghost:
    """Gradients of a variable by four functions with the meaning of `PerExample`'s."""

    def __init__(self, variable, square_norms, weighted_sum, values, only):
        self.variable = variable
        self.square_norms = square_norms
        self.weighted_sum = weighted_sum
        self.only = only
        self._values = values

    @property
    def values(self):
        return self._values()


def masked(values, kept):
    """Values (batch, ...), 0 for all but some examples, bool (batch,)."""
    kept = tf.reshape(kept, (-1, *[1] * (values.shape.rank - 1)))
    return tf.where(kept, values, 0.0)


def outer(variable, a, g) -> Ghost:
    """Of a kernel (in, out) that takes a (batch, in) to outputs with gradients g."""
    return Ghost(
        variable,
        lambda: tf.reduce_sum(a**2, axis=1) * tf.reduce_sum(g**2, axis=1),
        lambda weights: tf.matmul(a, g * weights[:, None], transpose_a=True),
        lambda: a[:, :, None] * g[:, None, :],
        lambda kept: outer(variable, masked(a, kept), masked(g, kept)),
    )


def product(variable, a, g):
    """Of a kernel that takes a (batch, positions, in) to (batch, positions, out).

    Args:
        variable: of the shape (..., in, out), its leading axes in `a`.
        a: a list of arrays (batch, positions, in), one for each leading index.
        g: gradients of the outputs, (batch, positions, out).
    """
    rows, columns = len(a) * a[0].shape[-1], g.shape[-1]
    if is_ghost_cheaper(g.shape[1], rows, columns):
        joined = tf.concat(a, axis=-1)

        def weighted_sum(weights):
            total = tf.tensordot(joined, g * weights[:, None, None], [[0, 1], [0, 1]])
            return tf.reshape(total, variable.shape)

        return Ghost(
            variable,
            lambda: gram_norms(joined, g),
            weighted_sum,
            lambda: _products(variable, a, g),
            lambda kept: product(
                variable, [masked(part, kept) for part in a], masked(g, kept)
            ),
        )
    return PerExample(variable, _products(variable, a, g))


def is_ghost_cheaper(positions, rows, columns) -> bool:
    """Whether Gram matrices cost less than the gradients (rows, columns)."""
    return positions**2 * (rows + columns) < _COST_OF_A_VALUE * rows * columns


def gram_norms(a, g):
    """Squares of the norms of aᵀg, from a (batch, t, in) and g (batch, t, out)."""
    inputs = tf.matmul(a, a, transpose_b=True)
    outputs = tf.matmul(g, g, transpose_b=True)
    return tf.reduce_sum(inputs * outputs, axis=[1, 2])


def patches(a, kernel_size, strides, dilation, padding) -> list:
    """What each weight of a convolution kernel sees.

    Args:
        a: inputs (batch, *spatial, channels), all but batch static.
        kernel_size, strides, dilation: one number for each spatial axis.
        padding: ``"same"``, ``"valid"`` or, of one axis, ``"causal"``.

    Returns:
        For each index of the kernel, in row-major order, (batch, positions, channels).
    """
    counts, pads, axes = [], [], []
    for size, k, s, d in zip(
        a.shape[1:-1], kernel_size, strides, dilation, strict=True
    ):
        reach = (k - 1) * d
        if padding == "valid":
            count, before = (size - reach - 1) // s + 1, 0
        else:
            count = -(-size // s)
            before = max((count - 1) * s + reach + 1 - size, 0)
            before = reach if padding == "causal" else before // 2
        # Whole strides, so that the elements of a stride become an axis of their own:
        # slices with a step are slow.
        length = s * (count + reach // s + 1)
        pads.append((before, max(length - before - size, 0)))
        counts.append(count)
        axes.append((length // s, s))
    rank = len(counts)
    padded = tf.pad(a, [(0, 0), *pads, (0, 0)])
    padded = padded[(slice(None), *(slice(n * s) for n, s in axes))]
    channels = a.shape[-1]
    if max(strides) > 1:
        split = [-1, *(n for axis in axes for n in axis), channels]
        order = [*range(2, 2 * rank + 1, 2), 0, *range(1, 2 * rank, 2), 2 * rank + 1]
        padded = tf.transpose(tf.reshape(padded, split), order)
    else:
        padded = padded[(None,) * rank]
    found = []
    for index in np.ndindex(*kernel_size):
        steps = [i * d for i, d in zip(index, dilation, strict=True)]
        phase = [o % s for o, s in zip(steps, strides, strict=True)]
        starts = [o // s for o, s in zip(steps, strides, strict=True)]
        window = [slice(o, o + n) for o, n in zip(starts, counts, strict=True)]
        view = padded[(*phase, slice(None), *window)]
        found.append(tf.reshape(view, (-1, math.prod(counts), channels)))
    return found


def _products(variable, a, g):
    parts = [tf.matmul(view, g, transpose_a=True) for view in a]
    return tf.reshape(tf.stack(parts, axis=1), (-1, *variable.shape))


def _flat(values):
    return tf.reshape(values, (-1, math.prod(values.shape[1:])))

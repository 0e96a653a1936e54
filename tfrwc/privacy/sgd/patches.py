"""What each weight of a convolution kernel sees of the inputs."""

import math
from collections.abc import Sequence

import numpy as np

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf


def patches(
    a: tf.Tensor,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    dilation: Sequence[int],
    padding: str,
) -> list[tf.Tensor]:
    """Cut inputs into what each index of a kernel is multiplied with.

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
        count, before = _count(size, reach, s, padding)
        # Whole strides, so that the elements of a stride become an axis of their own:
        # slices with a step are slow.
        length = s * (count + reach // s + 1)
        pads.append((before, max(length - before - size, 0)))
        counts.append(count)
        axes.append((length // s, s))
    phases = _by_phase(a, pads, axes)
    views = []
    for index in np.ndindex(*kernel_size):
        steps = [i * d for i, d in zip(index, dilation, strict=True)]
        phase = [o % s for o, s in zip(steps, strides, strict=True)]
        starts = [o // s for o, s in zip(steps, strides, strict=True)]
        window = [slice(o, o + n) for o, n in zip(starts, counts, strict=True)]
        # The middle of a kernel sees the inputs themselves: no copy of them.
        is_whole = max(strides) == 1 and counts == list(a.shape[1:-1])
        is_middle = is_whole and starts == [before for before, _ in pads]
        view = a if is_middle else phases[(*phase, slice(None), *window)]
        views.append(tf.reshape(view, (-1, math.prod(counts), a.shape[-1])))
    return views


def _count(size: int, reach: int, stride: int, padding: str) -> tuple[int, int]:
    """Positions of a kernel along an axis, and zeros before its first element."""
    if padding == "valid":
        return (size - reach - 1) // stride + 1, 0
    count = -(-size // stride)
    zeros = max((count - 1) * stride + reach + 1 - size, 0)
    return count, reach if padding == "causal" else zeros // 2


def _by_phase(
    a: tf.Tensor, pads: list[tuple[int, int]], axes: list[tuple[int, int]]
) -> tf.Tensor:
    """Padded inputs as (*places within a stride, batch, *strides, channels)."""
    rank = len(axes)
    padded = tf.pad(a, [(0, 0), *pads, (0, 0)])
    padded = padded[(slice(None), *(slice(n * s) for n, s in axes))]
    if max(s for _, s in axes) == 1:
        return padded[(None,) * rank]
    split = [-1, *(n for axis in axes for n in axis), a.shape[-1]]
    order = [*range(2, 2 * rank + 1, 2), 0, *range(1, 2 * rank, 2), 2 * rank + 1]
    return tf.transpose(tf.reshape(padded, split), order)

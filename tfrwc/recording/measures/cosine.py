"""The turn of the weights: 1 - cos of the angle between the old and the new ones.

1 - cos loses its digits where the angle is small. The sine, whose square is the part
of the change across the old weights over that of the new weights, keeps them.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures.measure import Block, Magnitude, Measure, Sums, Vector


def _definition(old: Vector, change: Vector) -> float:
    # Half the squared chord between the directions: 1 - cos without cancellation.
    new = old + change
    chord = new / np.linalg.norm(new) - old / np.linalg.norm(old)
    return float(chord @ chord / 2)


def _block_sums(old: Vector, new: Vector, change: Vector, magnitude: Magnitude) -> Sums:
    # All four: none can be had from the others without a loss of digits where the new
    # weights, or the change, are small.
    return old @ old, new @ new, old @ new, old @ change


def _tensor_sums(totals: list[float], blocks: Iterable[Block]) -> Sums:
    old_old, new_new, old_new, old_change = totals
    along = old_change / old_old if old_old else 0.0
    across = 0.0
    for old, _, change, _ in blocks:
        rest = change - old.dtype.type(along) * old
        across += float(rest @ rest)
    return across, old_old, new_new, old_new


def _device_sums(ops: Any, old: Any, new: Any, change: Any) -> Sums:
    old_old = ops.sum(ops.square(old))
    divisor = ops.where(ops.equal(old_old, 0), ops.ones_like(old_old), old_old)
    along = ops.sum(old * change) / divisor
    across = ops.sum(ops.square(change - along * old))
    return across, old_old, ops.sum(ops.square(new)), ops.sum(old * new)


def _value(
    across: npt.NDArray[np.float64],
    old_old: npt.NDArray[np.float64],
    new_new: npt.NDArray[np.float64],
    old_new: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    cosine = old_new / (np.sqrt(old_old) * np.sqrt(new_new))
    by_sine = across / new_new / (1 + np.maximum(cosine, 0))
    value: npt.NDArray[np.float64] = np.where(cosine > 0, by_sine, 1 - cosine)
    return value


MEASURE = Measure(
    name="cosine",
    summary="1 - cos of the angle between the old and the new weights",
    definition=_definition,
    sums=("squares of d across w", "sum w²", "sum (w + d)²", "sum w (w + d)"),
    value=_value,
    device_sums=_device_sums,
    block_sums=_block_sums,
    tensor_sums=_tensor_sums,
    learning_rate_power=2,
    order=5,
)

"""The mean of the relative changes of the elements.

It has no expectation for Gaussian weights and grows with the size of the tensor; it
is there to reproduce published numbers.
"""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures.measure import Magnitude, Measure, Sums, Vector


def _definition(old: Vector, change: Vector) -> float:
    if (old == 0).any():
        return np.nan
    return float(np.mean(np.abs(change) / np.abs(old)))


def _block_sums(old: Vector, new: Vector, change: Vector, magnitude: Magnitude) -> Sums:
    return magnitude(change), magnitude(change / old), change.size


def _device_sums(ops: Any, old: Any, new: Any, change: Any) -> Sums:
    change = ops.abs(change)
    ratios = ops.sum(change / ops.abs(old))
    return ops.sum(change), ratios, ops.full_like(ratios, prod(old.shape))


def _value(
    change: npt.NDArray[np.float64],
    ratios: npt.NDArray[np.float64],
    size: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    return ratios / size


MEASURE = Measure(
    name="elementwise_mean",
    summary="mean of |d| / |w|; heavy-tailed, grows with the size of the tensor",
    definition=_definition,
    sums=("sum |d|", "sum |d| / |w|", "number of elements"),
    value=_value,
    device_sums=_device_sums,
    block_sums=_block_sums,
    share_of="of each weight on average",
    order=3,
)

"""The median of the relative changes of the elements.

Elements that are zero and stay zero do not count; elements that leave zero count as
infinite.
"""

from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures.measure import Block, Measure, Sums, Vector


def _definition(old: Vector, change: Vector) -> float:
    counts = (old != 0) | (change != 0)
    if not counts.any():
        return np.nan
    return float(np.median(np.abs(change[counts]) / np.abs(old[counts])))


def _tensor_sums(totals: list[float], blocks: Iterable[Block]) -> Sums:
    total, parts = 0.0, []
    for old, _, change, magnitude in blocks:
        counts = (old != 0) | (change != 0)
        parts.append(np.abs(change[counts] / old[counts]))
        total += float(magnitude(change))
    ratios = np.concatenate(parts)
    has_median = ratios.size > 0 and np.isfinite(total)
    return total, float(np.median(ratios)) if has_median else np.nan


def _device_sums(ops: Any, old: Any, new: Any, change: Any) -> Sums:
    size = prod(old.shape)
    old, change = (ops.reshape(ops.abs(tensor), (-1,)) for tensor in (old, change))
    # Elements that stay at zero are sorted to the end.
    stays = ops.logical_and(ops.equal(old, 0), ops.equal(change, 0))
    infinity = ops.full_like(change, np.inf)
    ratios = ops.sort(ops.where(stays, infinity, change / old))
    count = size - ops.sum(ops.cast(stays, "int32"))
    last = ops.maximum(count - 1, 0)
    low = ops.take(ratios, last // 2)
    high = ops.take(ratios, ops.minimum(count // 2, last))
    return ops.sum(change), (low + high) / 2


def _value(
    change: npt.NDArray[np.float64], median: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return median


MEASURE = Measure(
    name="elementwise_median",
    summary="median of |d| / |w|; zeros that stay zero do not count",
    definition=_definition,
    sums=("sum |d|", "median of |d| / |w|"),
    value=_value,
    device_sums=_device_sums,
    tensor_sums=_tensor_sums,
    share_of="of the typical weight",
    order=4,
)

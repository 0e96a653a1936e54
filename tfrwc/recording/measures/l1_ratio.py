"""The sum of all changes over the sum of all weights."""

from typing import Any

import numpy as np

from tfrwc.recording.measures.measure import Magnitude, Measure, Sums, Vector


def _definition(old: Vector, change: Vector) -> float:
    return float(np.abs(change).sum() / np.abs(old).sum())


def _block_sums(old: Vector, new: Vector, change: Vector, magnitude: Magnitude) -> Sums:
    return magnitude(change), magnitude(old)


def _device_sums(ops: Any, old: Any, new: Any, change: Any) -> Sums:
    return ops.sum(ops.abs(change)), ops.sum(ops.abs(old))


MEASURE = Measure(
    name="l1_ratio",
    summary="sum |d| / sum |w| (arXiv:2011.06735, eq. 1)",
    definition=_definition,
    sums=("sum |d|", "sum |w|"),
    value=np.divide,
    device_sums=_device_sums,
    block_sums=_block_sums,
    share_of="of its magnitude",
    order=1,
)

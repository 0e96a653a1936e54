"""The length of the change over the length of the weights."""

from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures.measure import Magnitude, Measure, Sums, Vector


def _definition(old: Vector, change: Vector) -> float:
    return float(np.linalg.norm(change) / np.linalg.norm(old))


def _block_sums(old: Vector, new: Vector, change: Vector, magnitude: Magnitude) -> Sums:
    return change @ change, old @ old


def _device_sums(ops: Any, old: Any, new: Any, change: Any) -> Sums:
    return ops.sum(ops.square(change)), ops.sum(ops.square(old))


def _value(
    change: npt.NDArray[np.float64], old: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.sqrt(change) / np.sqrt(old)


MEASURE = Measure(
    name="l2_ratio",
    summary="‖d‖₂ / ‖w‖₂",
    definition=_definition,
    sums=("sum d²", "sum w²"),
    value=_value,
    device_sums=_device_sums,
    block_sums=_block_sums,
    share_of="of its norm",
    order=2,
)

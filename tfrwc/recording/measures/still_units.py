"""The share of output units whose incoming weights did not change at all.

A unit is a place on the last axis of a kernel: a neuron of a dense layer, a filter of a
convolution. Units of rectified layers that are never active get no gradient, and are
still.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures.measure import Block, Measure, Sums, Vector, units_of


def _definition(old: Vector, change: Vector, units: int) -> float:
    return float(np.mean(~(change.reshape(-1, units) != 0).any(axis=0)))


def _tensor_sums(totals: list[float], blocks: Iterable[Block], units: int) -> Sums:
    total, moved, start = 0.0, np.zeros(units, bool), 0
    for _, _, change, magnitude in blocks:
        total += float(magnitude(change))
        if not moved.all():
            _mark_moved(moved, change != 0, start)
        start = (start + change.size) % units
    return total, units - np.count_nonzero(moved), units


def _mark_moved(
    moved: npt.NDArray[np.bool_], changed: npt.NDArray[np.bool_], start: int
) -> None:
    """Mark units with a changed weight, in a vector that begins at unit `start`."""
    units = moved.size
    begun = changed[: (units - start) % units]  # the rest of a row of units
    moved[start : start + begun.size] |= begun
    changed = changed[begun.size :]
    rows = changed.size // units
    moved |= changed[: rows * units].reshape(rows, units).any(axis=0)
    last = changed[rows * units :]
    moved[: last.size] |= last


def _device_sums(ops: Any, old: Any, new: Any, change: Any) -> Sums:
    units = units_of(change.shape)
    by_unit = ops.max(ops.reshape(ops.abs(change), (-1, units)), axis=0)
    still = ops.sum(ops.cast(ops.equal(by_unit, 0), by_unit.dtype))
    return ops.sum(ops.abs(change)), still, ops.full_like(still, units)


def _value(
    change: npt.NDArray[np.float64],
    still: npt.NDArray[np.float64],
    units: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    return still / units


MEASURE = Measure(
    name="still_units",
    summary="share of output units whose weights did not change; 1 without change",
    definition=_definition,
    sums=("sum |d|", "number of still units", "number of units"),
    value=_value,
    device_sums=_device_sums,
    tensor_sums=_tensor_sums,
    by_unit=True,
    learning_rate_power=0,
    order=6,
)

"""From sums over tensors to the values of the measures.

Whatever compares weights, on the accelerator (`device`) or in host memory (`host`),
reduces each tensor to the few sums that its measures name.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures import Measure
from tfrwc.recording.records import Flag


def values_and_flags(
    sums: npt.ArrayLike, measures: Sequence[Measure]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Turn sums into values.

    Args:
        sums: array (records, tensors, sums of all measures).
        measures: in the order of their sums.

    Returns:
        Values, float32 (records, measures, tensors), which are NaN where the flags,
        uint8 of the same shape, hold a `Flag` other than OK.
    """
    sums = np.asarray(sums, np.float64)
    values, flags, start = [], [], 0
    for measure in measures:
        end = start + len(measure.sums)
        columns = np.moveaxis(sums[..., start:end], -1, 0)
        start = end
        with np.errstate(all="ignore"):
            value = measure.value(*columns)
        finite_weights = np.isfinite(columns[0])
        defined = finite_weights & np.isfinite(value)
        reason = np.where(finite_weights, Flag.ZERO_DENOMINATOR, Flag.NON_FINITE)
        flags.append(np.where(defined, Flag.OK, reason))
        values.append(np.where(defined, value, np.nan))
    return (
        np.stack(values, axis=1).astype(np.float32),
        np.stack(flags, axis=1).astype(np.uint8),
    )

"""Prepare curves of relative change, (layers, records), for clustering.

`published` is what the WeightScale study did (arXiv:2107.07005). `robust` is this
project's answer to its weaknesses: relative change spans decades, single records
spike, and a record can be missing.
"""

import numpy as np
import numpy.typing as npt

from tfrwc.dynamics.arrays import Bools, Floats

# Median absolute deviation to standard deviation, for a Gaussian.
MAD_TO_SD = 1.4826
# In decades: ripples on a curve that hardly moves are no spikes.
_LEAST_SPREAD = 0.01
_SPIKE = 4.5
# Values worked on at a time, so that long recordings need little memory.
_BLOCK = 2**20


def published(curves: npt.ArrayLike) -> Floats:
    """Steps 1 and 3 of the WeightScale pipeline.

    Values that are not finite become (sum of the layer's finite values) / (number
    of all its values). Then, in one pass, values more than two population standard
    deviations from the layer's mean become that mean; both include the outlier.
    """
    x = np.array(curves, np.float64)
    finite = np.isfinite(x)
    fill = np.where(finite, x, 0).sum(axis=1, keepdims=True) / x.shape[1]
    x = np.where(finite, x, fill)
    mean = x.mean(axis=1, keepdims=True)
    outlier = np.abs(x - mean) > 2 * x.std(axis=1, keepdims=True)
    cleaned: Floats = np.where(outlier, mean, x)
    return cleaned


def robust(curves: npt.ArrayLike) -> tuple[Floats, Bools]:
    """Logarithm, gaps filled, spikes removed.

    Zeros and values that are not finite are gaps, filled by linear interpolation
    over the records (constant at the ends). A value is a spike if it lies further
    than 4.5 standard deviations of the curve's noise from the running median of 5
    records, and becomes a gap too (Hampel 1974, with that window; Pearson 2002). The
    noise is read off the steps from record to record: 1.4826 median(abs(step)) /
    sqrt(2). The window shrinks to 3 and 1 at the ends, so that no monotonic curve is
    altered; the first and the last value are never taken for spikes.

    Args:
        curves: (layers, records).

    Returns:
        log10 of the cleaned curves (layers, records), and a boolean (layers,) that
        is False for layers with values in fewer than half of the records that have
        a value in any layer; their rows are NaN.
    """
    x = np.asarray(curves, np.float64)
    logs, usable, _ = robust_with_gaps(x, seen_records(x))
    return logs, usable


def seen_records(curves: Floats) -> int:
    """Number of records in which any layer has a value above 0."""
    return int((np.isfinite(curves) & (curves > 0)).any(axis=0).sum())


def robust_with_gaps(curves: Floats, seen: int) -> tuple[Floats, Bools, Bools]:
    """As `robust`, of layers that could have values in `seen` records.

    Returns:
        The two of `robust`, and a boolean (layers, records) that is True where a
        value was filled in.
    """
    logs = np.full(curves.shape, np.nan)
    usable = np.zeros(len(curves), bool)
    gaps = np.ones(curves.shape, bool)
    rows = max(1, _BLOCK // curves.shape[1])
    for start in range(0, len(curves), rows):
        part = slice(start, start + rows)
        logs[part], usable[part], gaps[part] = _clean(curves[part], seen)
    return logs, usable, gaps


def fill(rows: Floats) -> Floats:
    """Interpolate NaN over the records, in place; each row has a value somewhere."""
    records = np.arange(rows.shape[1])
    for i in np.flatnonzero(np.isnan(rows).any(axis=1)):
        filled = ~np.isnan(rows[i])
        rows[i] = np.interp(records, records[filled], rows[i, filled])
    return rows


def _clean(curves: Floats, seen: int) -> tuple[Floats, Bools, Bools]:
    x = np.full(curves.shape, np.nan)
    has_value = np.isfinite(curves) & (curves > 0)
    x[has_value] = np.log10(curves[has_value])
    count = has_value.sum(axis=1)
    usable = (count > 0) & (count * 2 >= seen)
    x[~usable] = np.nan
    gaps = np.isnan(x)
    rows = fill(x[usable])
    if rows.size and rows.shape[1] > 1:
        steps = np.abs(np.diff(rows, axis=1))
        noise = MAD_TO_SD * np.median(steps, axis=1, keepdims=True) / np.sqrt(2)
        spike = np.abs(rows - running_median(rows)) > _SPIKE * np.maximum(
            noise, _LEAST_SPREAD
        )
        gaps[usable] |= spike
        rows[spike] = np.nan
        fill(rows)
    x[usable] = rows
    return x, usable, gaps


def running_median(rows: Floats) -> Floats:
    """Of 5 records, or 3 and 1 at the ends, by networks of minima and maxima."""
    records = rows.shape[1]
    middle = rows.copy()
    if records > 2:
        middle[:, 1:-1] = _median_of_3(
            *(rows[:, i : records - 2 + i] for i in range(3))
        )
    if records > 4:
        a, b, c, d, e = (rows[:, i : records - 4 + i] for i in range(5))
        # Neither the smallest nor the largest of four can be the median of five.
        low = np.maximum(np.minimum(a, b), np.minimum(c, d))
        high = np.minimum(np.maximum(a, b), np.maximum(c, d))
        middle[:, 2:-2] = _median_of_3(low, high, e)
    return middle


def _median_of_3(a: Floats, b: Floats, c: Floats) -> Floats:
    return np.asarray(np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c)))

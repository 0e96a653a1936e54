"""Prepare curves of relative change, (layers, records), for clustering.

`published` is what the WeightScale study did (arXiv:2107.07005). `robust` is this
project's answer to its weaknesses: relative change spans decades, single records
spike, and a record can be missing.
"""

import numpy as np

# Median absolute deviation to standard deviation, for a Gaussian.
_MAD_TO_SD = 1.4826
# In decades: ripples on a curve that hardly moves are no spikes.
_LEAST_SPREAD = 0.01


def published(curves) -> np.ndarray:
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
    return np.where(outlier, mean, x)


def robust(curves):
    """Logarithm, gaps filled, spikes removed.

    Zeros and values that are not finite are gaps, filled by linear interpolation
    over the records (constant at the ends). A value is a spike if it lies further
    from the running median of 5 records than 4 robust standard deviations of the
    curve's steps from record to record (a Hampel filter), and becomes a gap too.
    The window shrinks to 3 and 1 at the ends, so that no monotonic curve is altered;
    the first and the last value are never taken for spikes.

    Args:
        curves: (layers, records).

    Returns:
        log10 of the cleaned curves (layers, records), and a boolean (layers,) that
        is False for layers with values in fewer than half of the records, whose
        rows are NaN.
    """
    x = np.array(curves, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.where(x > 0, np.log10(x), np.nan)
    x[~np.isfinite(x)] = np.nan
    usable = np.isfinite(x).sum(axis=1) * 2 >= x.shape[1]
    x[~usable] = np.nan
    rows = _fill(x[usable])
    if rows.shape[1] > 1:
        steps = np.abs(np.diff(rows, axis=1))
        spread = _MAD_TO_SD * np.median(steps, axis=1, keepdims=True)
        spike = np.abs(rows - _running_median(rows)) > 4 * np.maximum(
            spread, _LEAST_SPREAD
        )
        rows = _fill(np.where(spike, np.nan, rows))
    x[usable] = rows
    return x, usable


def _fill(rows):
    """Interpolate NaN over the records; each row has a value somewhere."""
    records = np.arange(rows.shape[1])
    for i in np.flatnonzero(np.isnan(rows).any(axis=1)):
        known = ~np.isnan(rows[i])
        rows[i] = np.interp(records, records[known], rows[i, known])
    return rows


def _running_median(rows):
    middle = rows.copy()
    for half in (1, 2):
        if rows.shape[1] > 2 * half:
            windows = np.lib.stride_tricks.sliding_window_view(
                rows, 2 * half + 1, axis=1
            )
            middle[:, half:-half] = np.median(windows, axis=2)
    return middle

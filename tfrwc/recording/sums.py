"""From sums over a tensor to the values of the measures.

Whatever computes a measure, on the accelerator (`device`) or in host memory
(`host`), reduces each tensor to the few sums named here. With a the weights before,
d their change and b = a + d:

=================== ========================================= =====================
l1_ratio            sum |d|, sum |a|                          their ratio
l2_ratio            sum d², sum a²                            root of their ratio
elementwise_mean    sum |d|, sum |d| / |a|, count             second over third
elementwise_median  sum |d|, median |d| / |a|                 the second
cosine              sum of squares of d - (a·d / a·a) a, a·a, 1 - a·b / (|a| |b|)
                    b·b, a·b
=================== ========================================= =====================

The first of each is finite just where all the weights are.
"""

from collections.abc import Iterable

import numpy as np

from tfrwc.recording.recording import Flag


def _cosine(across, aa, bb, ab):
    # 1 - cos cancels when the angle is small; the sine does not.
    cosine = ab / (np.sqrt(aa) * np.sqrt(bb))
    return np.where(cosine > 0, across / bb / (1 + np.maximum(cosine, 0)), 1 - cosine)


# How many sums a measure takes, and the values they give.
_MEASURES = {
    "l1_ratio": (2, np.divide),
    "l2_ratio": (2, lambda dd, aa: np.sqrt(dd) / np.sqrt(aa)),
    "elementwise_mean": (3, lambda _, ratios, count: ratios / count),
    "elementwise_median": (2, lambda _, median: median),
    "cosine": (4, _cosine),
}
MEASURES = tuple(_MEASURES)
REFERENCES = ("previous", "initial")


def check_measures(measures) -> tuple:
    """The names of the measures, or ValueError where one is unknown or repeated."""
    if isinstance(measures, str):
        measures = (measures,)
    names = tuple(measures) if isinstance(measures, Iterable) else ()
    known = all(name in MEASURES for name in names)
    if not names or not known or len(set(names)) < len(names):
        raise ValueError(
            f"measures must be one or more of {', '.join(MEASURES)}, each once. "
            f"Received: {measures!r}."
        )
    return names


def check_reference(reference) -> str:
    """The reference, or ValueError where it is unknown."""
    if reference not in REFERENCES:
        raise ValueError(
            f"reference must be one of {REFERENCES}. Received: {reference!r}."
        )
    return reference


def values_and_flags(sums, measures):
    """Turn sums into values.

    Args:
        sums: array (records, tensors, sums of all measures).
        measures: names of the measures, in the order of their sums.

    Returns:
        values, float32 (records, measures, tensors), NaN where flags, uint8 of the
        same shape, hold a `Flag` other than OK.
    """
    sums = np.asarray(sums, np.float64)
    values, flags, first = [], [], 0
    for name in measures:
        count, formula = _MEASURES[name]
        columns = np.moveaxis(sums[..., first : first + count], -1, 0)
        first += count
        with np.errstate(all="ignore"):
            value = formula(*columns)
        finite = np.isfinite(columns[0])
        known = finite & np.isfinite(value)
        flag = np.where(finite, Flag.ZERO_DENOMINATOR, Flag.NON_FINITE)
        flags.append(np.where(known, Flag.OK, flag))
        values.append(np.where(known, value, np.nan))
    return (
        np.stack(values, axis=1).astype(np.float32),
        np.stack(flags, axis=1).astype(np.uint8),
    )

"""Definitions of relative weight change, in NumPy and float64.

They are the reference for what `RWCCallback` computes on the device. Each takes
the weights before, w, and the change, d, as float64 vectors.
"""

import numpy as np


def _l1_ratio(w, d):
    return np.abs(d).sum() / np.abs(w).sum()


def _l2_ratio(w, d):
    return np.linalg.norm(d) / np.linalg.norm(w)


def _elementwise_mean(w, d):
    return np.mean(np.abs(d) / np.abs(w)) if (w != 0).all() else np.nan


def _elementwise_median(w, d):
    defined = (w != 0) | (d != 0)
    return np.median(np.abs(d[defined]) / np.abs(w[defined]))


def _cosine(w, d):
    # Half the squared chord between the directions: 1 - cos without cancellation.
    v = w + d
    chord = v / np.linalg.norm(v) - w / np.linalg.norm(w)
    return chord @ chord / 2


_FUNCTIONS = {
    "l1_ratio": _l1_ratio,
    "l2_ratio": _l2_ratio,
    "elementwise_mean": _elementwise_mean,
    "elementwise_median": _elementwise_median,
    "cosine": _cosine,
}
MEASURES = tuple(_FUNCTIONS)


def relative_change(previous, current, measure="l1_ratio") -> float:
    """How much a weight tensor changed, relative to what it was.

    With w the previous weights and d the change:

    ==================== ===================================================
    l1_ratio             sum |d| / sum |w|  (arXiv:2011.06735, eq. 1)
    l2_ratio             ‖d‖₂ / ‖w‖₂
    elementwise_mean     mean of |d| / |w|; heavy-tailed, grows with size
    elementwise_median   median of |d| / |w|; elements at 0 that stay there
                         do not count, elements that leave 0 count as ∞
    cosine               1 - cos of the angle between old and new weights
    ==================== ===================================================

    Args:
        previous: array of any shape.
        current: array of the same shape.
        measure: one of `MEASURES`.

    Returns:
        A float of 0 or more, or NaN where there is no relative change: a zero
        denominator (for `elementwise_mean` any zero element, for
        `elementwise_median` most of them), or weights that are not finite.

    Raises:
        ValueError: for an unknown measure, or shapes that differ or are empty.
    """
    if measure not in _FUNCTIONS:
        raise ValueError(
            f"measure must be one of {', '.join(MEASURES)}. Received: {measure!r}."
        )
    w = np.asarray(previous, np.float64)
    v = np.asarray(current, np.float64)
    if w.shape != v.shape or w.size == 0:
        raise ValueError(
            "previous and current must have the same shape and at least one element. "
            f"Received: {w.shape} and {v.shape}."
        )
    if not (np.isfinite(w).all() and np.isfinite(v).all()):
        return np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "elementwise_median" and not (w.any() or v.any()):
            return np.nan
        value = float(_FUNCTIONS[measure](w.ravel(), (v - w).ravel()))
    return value if np.isfinite(value) else np.nan

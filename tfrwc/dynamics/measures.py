"""Relative weight change by its definition, in NumPy and float64.

It is the reference for what `RWCCallback` computes while a model trains.
"""

import numpy as np
import numpy.typing as npt

from tfrwc.recording.measures import REGISTRY
from tfrwc.recording.measures.measure import units_of

# The measures that come with the package, in the order of its tables.
MEASURES = tuple(REGISTRY)


def relative_change(
    previous: npt.ArrayLike, current: npt.ArrayLike, measure: str = "l1_ratio"
) -> float:
    """How much a weight tensor changed, relative to what it was.

    By default it is sum |d| / sum |w|, for the previous weights w and the change d
    (arXiv:2011.06735, eq. 1).

    Args:
        previous: array of any shape.
        current: array of the same shape.
        measure: the name of one of `tfrwc.recording.measures`, whose `describe` lists
            them with their formulas.

    Returns:
        A float of 0 or more, which is 0 where nothing changes (`still_units`: 1); or
        NaN where there is no relative change: a zero denominator (for
        `elementwise_mean` any zero element, for `elementwise_median` most of them), or
        weights that are not finite.

    Raises:
        ValueError: for an unknown measure, or shapes that differ or are empty.
    """
    if measure not in REGISTRY:
        raise ValueError(
            f"measure must be one of {', '.join(REGISTRY)}. Received: {measure!r}."
        )
    old = np.asarray(previous, np.float64)
    new = np.asarray(current, np.float64)
    if old.shape != new.shape or old.size == 0:
        raise ValueError(
            "previous and current must have the same shape and at least one element. "
            f"Received: {old.shape} and {new.shape}."
        )
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        return np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        definition, change = REGISTRY[measure].definition, (new - old).ravel()
        units = (units_of(old.shape),) if REGISTRY[measure].by_unit else ()
        value = float(definition(old.ravel(), change, *units))
    return value if np.isfinite(value) else np.nan

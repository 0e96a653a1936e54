"""How well two classes are told apart, with intervals over images and seeds.

>>> import numpy as np
>>> from tfrwc.studies.privacy.scores import scores
>>> values = scores(np.array([0.1, 0.6, 0.7, 0.9]), np.array([0, 0, 1, 1]))
>>> float(values["accuracy"]), float(values["auc"])
(0.75, 1.0)
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

MEASURES = ("accuracy", "balanced_accuracy", "auc", "sensitivity", "specificity")
_RESAMPLES = 2000


def scores(
    p: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None
) -> dict[str, np.ndarray]:
    """Measures of probabilities of class 1.

    An image is called 1 if p is above 0.5. sensitivity is the share of class 1 that is
    called 1, specificity that of class 0 that is not; balanced accuracy their mean. The
    AUC is the share of pairs, one of each class, in the right order, a tie for half.

    Args:
        p: (n,), probabilities of class 1.
        y: (n,), classes 0 and 1.
        weights: (..., n), how often each image counts; None for once.

    Returns:
        Arrays (...,) by name, of `MEASURES`; NaN where a class is missing.
    """
    p, y = np.asarray(p, np.float64), np.asarray(y)
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64)
    right = (p > 0.5) == (y == 1)
    of_one, of_zero = weights * (y == 1), weights * (y == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity = (of_one @ right) / of_one.sum(axis=-1)
        specificity = (of_zero @ right) / of_zero.sum(axis=-1)
        return {
            "accuracy": (weights @ right) / weights.sum(axis=-1),
            "balanced_accuracy": (sensitivity + specificity) / 2,
            "auc": _auc(p, of_one, of_zero),
            "sensitivity": sensitivity,
            "specificity": specificity,
        }


def with_intervals(
    p: ArrayLike, y: ArrayLike, confidence: float = 0.95, random_state: int = 0
) -> dict[str, dict[str, Any]]:
    """Means over seeds, with percentile intervals.

    Test images and seeds are resampled together (2,000 times), each with replacement:
    the interval is for other images of the same kind and other seeds. With few seeds
    it is narrower than it should be.

    Args:
        p: (seeds, n), probabilities of class 1.
        y: (n,), classes.

    Returns:
        By measure, a dict of value, low, high and per_seed.
    """
    p = np.atleast_2d(p)
    seeds, n = p.shape
    rng = np.random.default_rng(random_state)
    images = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    runs = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=_RESAMPLES) / seeds
    per_seed = [scores(one, y) for one in p]
    resampled = [scores(one, y, images) for one in p]
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    intervals = {}
    for measure in MEASURES:
        values = [float(one[measure]) for one in per_seed]
        drawn = np.stack([one[measure] for one in resampled], axis=1)
        low, high = np.nanquantile((runs * drawn).sum(axis=1), tails)
        intervals[measure] = {
            "value": float(np.mean(values)),
            "low": float(low),
            "high": float(high),
            "per_seed": values,
        }
    return intervals


def change(
    p: ArrayLike,
    baseline: ArrayLike,
    y: ArrayLike,
    measure: str,
    confidence: float = 0.95,
    random_state: int = 0,
) -> tuple[float, float, float]:
    """How much more a measure is of one network than of another, on the same images.

    The interval is by percentiles over test images that are drawn with replacement
    (2,000 times), the same for both: it is for other images, and not for other seeds.

    Args:
        p, baseline: (n,), probabilities of class 1, of both.
        y: (n,), classes.
        measure: of `MEASURES`.

    Returns:
        The difference, and the ends of its interval.
    """
    n = len(np.asarray(y))
    rng = np.random.default_rng(random_state)
    images = rng.multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    value, drawn = (
        scores(p, y, weights)[measure] - scores(baseline, y, weights)[measure]
        for weights in (None, images)
    )
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.nanquantile(drawn, tails)
    return float(value), float(low), float(high)


def majority(y: ArrayLike) -> float:
    """Accuracy of always naming the commoner class."""
    share = float(np.mean(y))
    return max(share, 1 - share)


def _auc(p, of_one, of_zero):
    """Weights (..., n) of the images of class 1 and of class 0."""
    order = np.argsort(p, kind="stable")
    starts = np.flatnonzero(np.diff(p[order], prepend=-np.inf))
    ones = np.add.reduceat(of_one[..., order], starts, axis=-1)
    zeros = np.add.reduceat(of_zero[..., order], starts, axis=-1)
    below = np.cumsum(zeros, axis=-1) - zeros / 2
    pairs = of_one.sum(axis=-1) * of_zero.sum(axis=-1)
    return (ones * below).sum(axis=-1) / pairs

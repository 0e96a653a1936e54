"""Rank correlations and their permutation tests; Student's interval; Holm's correction.

The correlations are of y with x and with z; "x given z" is that of y with x where the
ranks of z are held fixed.
"""

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata
from scipy.stats import t as student

from tfrwc.dynamics.arrays import Floats, Ints

PAIRS = ("x", "z", "x given z", "z given x")
# Below this nothing is left of a variable once the other is held fixed.
_NOTHING = 1e-9


def rank_correlations(y: npt.ArrayLike, x: npt.ArrayLike, z: npt.ArrayLike) -> Floats:
    """Spearman's correlations and partial correlations.

    Args:
        y, x, z: (..., n).

    Returns:
        (..., 4), in the order of `PAIRS`. NaN where one of the variables does not
        vary, or where the one held fixed fixes it.
    """
    y, x, z = _centred_ranks(y), _centred_ranks(x), _centred_ranks(z)
    with np.errstate(divide="ignore", invalid="ignore"):
        yx, yz, xz = (
            (a * b).sum(-1) / np.sqrt((a**2).sum(-1) * (b**2).sum(-1))
            for a, b in ((y, x), (y, z), (x, z))
        )
        return np.stack([yx, yz, _partial(yx, yz, xz), _partial(yz, yx, xz)], axis=-1)


def permutation_p_values(
    y: npt.ArrayLike,
    x: npt.ArrayLike,
    z: npt.ArrayLike,
    permutations: int,
    rng: np.random.Generator,
) -> Floats:
    """Two-sided p-values of `rank_correlations` for one set of values.

    y is dealt out again over the layers, which is exact where y has nothing to do with
    x. For a partial correlation it is what the ranks of z leave of those of y that is
    dealt out again (Freedman and Lane, J. Bus. Econ. Stat. 1983). That is not exact:
    ranks end somewhere, so less is left where z is near its ends. The statistic is
    then the covariance over an estimate of its own spread that allows for this
    (DiCiccio and Romano, JASA 2017).

    Args:
        y, x, z: (n,).
        permutations: how many, beside the order that was seen.
        rng: a `numpy.random.Generator`.

    Returns:
        (4,), in the order of `PAIRS`; NaN where the correlation is not defined.
    """
    defined = np.isfinite(rank_correlations(y, x, z))
    y, x, z = _centred_ranks(y), _centred_ranks(x), _centred_ranks(z)
    orders = rng.permuted(np.tile(np.arange(len(y)), (permutations, 1)), axis=1)
    tests = ((x, None), (z, None), (x, z), (z, x))
    return np.array(
        [
            _p_value(y, other, fixed, orders) if is_defined else np.nan
            for (other, fixed), is_defined in zip(tests, defined, strict=True)
        ]
    )


def holm(p_values: npt.ArrayLike) -> Floats:
    """Holm's adjusted p-values (Scand. J. Stat. 1979); NaN are no tests.

    Rejecting those that are at most α errs in any of them with probability at most α.
    """
    p_values = np.asarray(p_values, np.float64)
    adjusted = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values)[: np.isfinite(p_values).sum()]
    steps = p_values[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def holm_confidences(p_values: npt.ArrayLike, confidence: float) -> Floats:
    """The confidence of each interval with which Holm's procedure agrees.

    A rejected row has that of the step at which it is tested, the others that of the
    step at which the procedure stops. An interval that excludes the hypothesis where
    its p-value is at most 1 - its confidence so excludes it just where `holm` is at
    most 1 - `confidence`.

    Returns:
        float64, of the shape of `p_values`; NaN where there is no test.
    """
    p_values = np.asarray(p_values, np.float64)
    found = np.full(p_values.shape, np.nan)
    order = np.argsort(p_values)[: np.isfinite(p_values).sum()]
    adjusted = holm(p_values)[order]
    rejected = int((adjusted <= 1 - confidence).sum())
    step = np.minimum(np.arange(len(order)), rejected)
    found[order] = 1 - (1 - confidence) / (len(order) - step)
    return found


def student_interval(
    value: float, parts: list[tuple[float, int]], confidence: float
) -> tuple[float, float]:
    """Half the width of Student's interval of a value, and its two-sided p-value.

    Args:
        value: what should be 0 under the hypothesis.
        parts: pairs (variance, degrees of freedom) whose variances add up to that of
            the value; the degrees of freedom of the sum are Satterthwaite's.
        confidence: of the interval.

    Returns:
        (half the width, p-value); NaN where there are no degrees of freedom or
        nothing varies.
    """
    variance = sum(part for part, _ in parts)
    if not parts or min(freedom for _, freedom in parts) < 1 or not variance > 0:
        return np.nan, np.nan
    freedom = variance**2 / sum(part**2 / freedom for part, freedom in parts)
    error = np.sqrt(variance)
    return (
        student.ppf((1 + confidence) / 2, freedom) * error,
        2 * student.sf(abs(value) / error, freedom),
    )


def variance_of_mean(values: Floats) -> tuple[float, int]:
    """Variance of the mean of a sample (n,), NaN if n is 1, and degrees of freedom."""
    freedom = len(values) - 1
    variance = float(np.var(values, ddof=1)) / len(values) if freedom else np.nan
    return variance, freedom


def mean_of_finite(rows: Floats) -> Floats:
    """Mean over the first axis, without NaN and inf; NaN where nothing is left."""
    finite = np.isfinite(rows)
    count = finite.sum(axis=0)
    total = np.where(finite, rows, 0).sum(axis=0)
    mean = total / np.maximum(count, 1)
    return np.asarray(np.where(count > 0, mean, np.nan))


def _centred_ranks(values: npt.ArrayLike) -> Floats:
    ranks = rankdata(values, axis=-1)
    return np.asarray(ranks - ranks.mean(axis=-1, keepdims=True))


def _partial(ab: Floats, ac: Floats, bc: Floats) -> Floats:
    """Correlation of a and b with c held fixed; NaN where c fixes one of them."""
    left = (1 - ac**2) * (1 - bc**2)
    left = np.where(left > _NOTHING, left, np.nan)
    return np.asarray((ab - ac * bc) / np.sqrt(left))


def _p_value(y: Floats, x: Floats, fixed: Floats | None, orders: Ints) -> float:
    if fixed is None:
        statistic = np.abs(np.vstack([y, y[orders]]) @ x)
    else:
        left, x = _without(y, fixed), _without(x, fixed)
        dealt = _without(np.vstack([left, left[orders]]), fixed)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistic = np.abs(dealt @ x) / np.sqrt(dealt**2 @ x**2)
    # Equal orders differ by rounding. Where all is 0 there is nothing to see: 0/0.
    reached = ~(statistic[1:] < statistic[0] * (1 - 1e-9))
    return float((1 + reached.sum()) / (1 + len(orders)))


def _without(y: Floats, x: Floats) -> Floats:
    """What a regression of y (..., n) on x (n,) leaves; both are centred."""
    return np.asarray(y - np.multiply.outer(y @ x / (x @ x), x))

"""Do harder tasks make later layers change more?

>>> from tfrwc.dynamics import compare, difficulty_trend
>>> comparison = compare({"mnist": easy, "cifar10": hard})  # doctest: +SKIP
>>> difficulty_trend(comparison, {"mnist": 0.01, "cifar10": 0.09})  # doctest: +SKIP

Two claims are told apart, by the two rows of `difficulty_trend`:

``"these tasks"``: among the tasks at hand the ratio of late to early change rises with
difficulty by more than seeds explain. Recordings are dealt out again over the tasks;
the interval is over seeds (Welch and Satterthwaite's).

``"tasks in general"``: the ratio rises with difficulty, from task to task. Tasks differ
in more than difficulty, and more seeds do not change that, so difficulties are dealt
out again over the tasks; the interval is that of a regression on their means. Fewer
than 4 tasks can never show it at a level of 0.05.

The claims have a direction, so the tests are one-sided: of two conditions or more,
without any effect, each is "supported" with a probability of at most the level. Tasks
that were trained at other rates or for other numbers of steps may differ for that
reason.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd

from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.comparison import Comparison
from tfrwc.dynamics.statistics import student_interval, variance_of_mean

SCOPES = ("these tasks", "tasks in general")
VERDICTS = ("supported", "not supported", "not testable here")
# All orders are tried where they are no more than this.
_ALL_ORDERS = 50_000


def difficulty_trend(
    comparison: Comparison,
    difficulty: Iterable[str] | Mapping[str, float],
    level: float = 0.05,
    n_permutations: int = 9999,
    random_state: int = 0,
) -> pd.DataFrame:
    """Test that harder tasks recruit later layers (arXiv:2011.06735).

    A recording's statistic is the logarithm of its late_to_early ratio; the trend is
    the slope of its means by condition over difficulty.

    Args:
        comparison: of `compare`.
        difficulty: the conditions, easiest first; or a dict of condition to a number
            that grows with difficulty, such as the test error.
        level: of the tests.
        n_permutations: random orders, where there are too many to try all.
        random_state: seed of these.

    Returns:
        DataFrame with a row for each of `SCOPES` and the columns scope, units (how
        many are dealt out again), slope (of the log ratio, per step of the order or
        unit of the numbers), low, high, p_value, smallest_p_value (that of the same
        values in perfect order), verdict (one of `VERDICTS`; "not testable here"
        where smallest_p_value is above `level`). Intervals are NaN where a task has
        one seed, or tasks are fewer than 3.

    Raises:
        ValueError: if `difficulty` does not hold each condition once with a finite
            number, all are equally difficult, or there are no early and late layers.
    """
    names = comparison.conditions["condition"].tolist()
    x = _numbers(difficulty, names)
    slope, claims = _claims(x, _log_ratios(comparison, names))
    rng = np.random.default_rng(random_state)
    rows = []
    for scope, claim in zip(SCOPES, claims, strict=True):
        half, _ = student_interval(slope, claim.variances, comparison.confidence)
        p_value, smallest = _p_values(claim.weights, claim.units, n_permutations, rng)
        testable = smallest <= level
        rows.append(
            {
                "scope": scope,
                "units": len(claim.units),
                "slope": slope,
                "low": slope - half,
                "high": slope + half,
                "p_value": p_value,
                "smallest_p_value": smallest,
                "verdict": VERDICTS[int(p_value > level) if testable else 2],
            }
        )
    return pd.DataFrame(rows)


def _log_ratios(comparison: Comparison, names: list[str]) -> list[Floats]:
    """The statistic of each recording, an array for each condition."""
    table = comparison.recordings
    groups = [
        np.log(table.loc[table["condition"] == name, "late_to_early"].to_numpy())
        for name in names
    ]
    if not np.isfinite(np.concatenate(groups)).all():
        raise ValueError(
            "The trend needs a late_to_early ratio of every recording. Received: "
            f"{table['late_to_early'].tolist()}. Watch layers with one shape in the "
            "early and in the late third of the depth."
        )
    return groups


class _Claim(NamedTuple):
    """A slope, as a weighted sum of units that can be dealt out again.

    Attributes:
        units: values (n,).
        weights: of the units in the slope (n,).
        variances: pairs (variance, degrees of freedom) that add up to that of the
            slope.
    """

    units: Floats
    weights: Floats
    variances: list[tuple[float, int]]


def _claims(x: Floats, groups: list[Floats]) -> tuple[float, tuple[_Claim, _Claim]]:
    """The slope over `x` of the means of groups, and the claims of both `SCOPES`."""
    weights = (x - x.mean()) / ((x - x.mean()) ** 2).sum()
    means = np.array([group.mean() for group in groups])
    slope = weights @ means
    over_seeds = [
        (weight**2 * variance, freedom)
        for weight, (variance, freedom) in zip(
            weights, map(variance_of_mean, groups), strict=True
        )
        if weight
    ]
    residuals = means - means.mean() - slope * (x - x.mean())
    freedom = len(groups) - 2
    over_tasks = (weights**2).sum() * (residuals**2).sum() / max(freedom, 1)
    of_each_seed = np.concatenate(
        [np.full(len(g), w / len(g)) for w, g in zip(weights, groups, strict=True)]
    )
    return slope, (
        _Claim(np.concatenate(groups), of_each_seed, over_seeds),
        _Claim(means, weights, [(over_tasks, freedom)]),
    )


def _numbers(
    difficulty: Iterable[str] | Mapping[str, float], names: list[str]
) -> Floats:
    if not isinstance(difficulty, dict):
        difficulty = list(difficulty)
        twice = len(set(difficulty)) < len(difficulty)
        order = {name: float(place) for place, name in enumerate(difficulty)}
    else:
        twice, order = False, difficulty
    if twice or set(order) != set(names):
        raise ValueError(
            f"difficulty must hold each of the conditions {names} once. "
            f"Received: {list(difficulty)}."
        )
    x = np.array([order[name] for name in names], np.float64)
    if not np.isfinite(x).all() or np.ptp(x) == 0:
        raise ValueError(
            "difficulty must be finite numbers that are not all equal. "
            f"Received: {dict(zip(names, x.tolist(), strict=True))}."
        )
    return x


def _p_values(
    weights: Floats, values: Floats, n_permutations: int, rng: np.random.Generator
) -> tuple[float, float]:
    """One-sided p-value of weights @ values, and the smallest there can be."""
    n = len(values)
    if math.factorial(n) <= _ALL_ORDERS:
        orders, seen = np.array(list(permutations(range(n)))), 0
    else:
        orders = rng.permuted(np.tile(np.arange(n), (n_permutations, 1)), axis=1)
        seen = 1
    sums = values[orders] @ weights
    best = np.empty(n)
    best[np.argsort(weights)] = np.sort(values)
    # Equal sums differ by rounding.
    slack = 1e-9 * (np.abs(weights) @ np.abs(best))
    p_value, smallest = (
        float((seen + (sums >= weights @ order - slack).sum()) / (seen + len(orders)))
        for order in (values, best)
    )
    return p_value, smallest

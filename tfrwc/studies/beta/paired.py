"""Whether a range of β has a best one, and where: paired tests over seeds.

Two claims are tried: that some β inside the range is better than both of its ends,
which is a finite optimum, and that one end is better than every other β. Values of one
seed are compared with each other, so that what a seed does to all β alike cancels.

- Each comparison is Student's one-sided test of a mean difference over seeds. A β that
  has to win several has the largest of their p-values: an intersection-union test
  (Berger, Technometrics 1982), which needs no correction.
- Any β may be the one, and which it is gets seen in the same values. So the smallest
  p-value is multiplied by the number of β: a union-intersection test, by Bonferroni's
  inequality, which holds however the values of different β depend on each other.
- Several questions, such as the scores of a study, are corrected by Holm's method.

The chance that any question gets a wrong answer is then at most `LEVEL`, where the
differences over seeds are about normal, or symmetric with heavier tails. With few seeds
no test can allow for what hardly any seed shows: a β that fails with one seed in five,
and does better with the rest, is called the best by most studies of five seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

from tfrwc.dynamics.statistics import holm

Floats = NDArray[np.float64]

LEVEL = 0.05
# Of the largest value: differences that deviate by less differ by rounding only.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Best:
    """The answer to one question.

    Attributes:
        place: in the range, of the β with the highest mean of those that are better
            than both ends, or as an end than all others; None if that cannot be told of
            any.
        p_value: of that claim, adjusted for the number of β and of questions; NaN where
            nothing could be tested.
        told_apart: whether the β at the place is better than every other one.
    """

    place: int | None
    p_value: float
    told_apart: bool


def best_places(questions: Sequence[Floats | None]) -> list[Best]:
    """Answer several questions of where values are best.

    Args:
        questions: of each the values (betas, seeds), β in ascending order, more is
            better; None where there is nothing to test, as where one is not finite.
    """
    tested = [None if q is None or not np.isfinite(q).all() else q for q in questions]
    claims = [_p_values(values) for values in tested]
    smallest = np.array([claim.min(axis=1) for claim in claims]).reshape(-1, 2)
    found = []
    for values, claim, p, p_all in zip(
        tested, claims, *map(holm, smallest.T), strict=True
    ):
        place = None
        if values is not None and p <= LEVEL:
            means = np.where(claim[0] <= LEVEL, values.mean(axis=1), -np.inf)
            place = int(means.argmax())
        told_apart = place is not None and bool(p_all <= LEVEL)
        found.append(Best(place, float(p), told_apart))
    return found


def _p_values(values: Floats | None) -> Floats:
    """Of each β, that it is best in the sense of `Best.place`, and that it is better
    than every other: p-values (2, betas) for the number of β; NaN (2, 1) if there is
    nothing to test."""
    if values is None or min(values.shape) < 2:
        return np.full((2, 1), np.nan)
    wins = _better(values)
    every = wins.max(axis=1)
    ends = np.maximum(wins[:, 0], wins[:, -1])
    ends[[0, -1]] = every[[0, -1]]
    return np.minimum(len(values) * np.array([ends, every]), 1.0)


def _better(values: Floats) -> Floats:
    """p-values (betas, betas) that a row is better than a column; 0 for itself.

    Differences that are the same with each seed have none by Student's test. They get
    that of the signs, all of which are the same.
    """
    seeds = values.shape[1]
    differences = values[:, None] - values
    mean, deviation = differences.mean(axis=2), differences.std(axis=2, ddof=1)
    least = _ROUNDING * np.abs(values).max()
    varies = deviation > least
    t = mean / np.where(varies, deviation, np.inf) * np.sqrt(seeds)
    signs = np.where(mean > least, 0.5**seeds, 1.0)
    p_values: Floats = np.where(varies, stdtr(seeds - 1, -t), signs)
    np.fill_diagonal(p_values, 0)
    return p_values

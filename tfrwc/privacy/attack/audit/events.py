"""Events, how often they happen, and what that says about epsilon.

An event is a score of a release above a threshold, or one that is not. Is it p likely
for one input and q for its neighbour, then epsilon is at least log((p - delta) / q).
The event is chosen on one half of the releases and counted in the other, where Clopper
and Pearson's bounds on p and q hold (Jagielski, Ullman, Oprea, NeurIPS 2020).
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta, norm

from tfrwc.privacy.arguments import check_confidence

Scores = NDArray[np.float64]

# Of both samples together: thresholds to try.
_QUANTILES = np.concatenate([[0], np.logspace(-4, -0.3, 40), 1 - np.logspace(-4, -0.3)])
FEW_QUANTILES = _QUANTILES[::5]
# Events are compared by bounds at so many standard deviations.
_CAUTION = 2.0


class Event(NamedTuple):
    """A score above a threshold, or one that is not.

    Attributes:
        threshold: of the score.
        above: whether the event is a score above it.
        likelier_for_other: whether the second input makes it likelier than the first.
        epsilon: what it shows in the sample that it was chosen in, less the noise.
    """

    threshold: float
    above: bool
    likelier_for_other: bool
    epsilon: float

    def count(self, scores: Scores) -> int:
        """In how many of the scores it happens."""
        if self.above:
            return int(np.sum(scores > self.threshold))
        return int(np.sum(scores <= self.threshold))


def epsilon_from_scores(
    scores: ArrayLike, other_scores: ArrayLike, delta: float, confidence: float
) -> float:
    """Lower bound on epsilon from scores of independent releases of two inputs.

    The first half of each chooses the event, the second half bounds its probabilities.

    Args:
        scores: (n,), of one release of the first input each.
        other_scores: (m,), the same of the second input.
        delta: of the guarantee that is attacked.
        confidence: probability that the bound holds.
    """
    first, other = np.asarray(scores, float), np.asarray(other_scores, float)
    i, j = len(first) // 2, len(other) // 2
    event = best_event(first[:i], other[:j], delta)
    return bound(event, first[i:], other[j:], delta, confidence)


def best_event(
    scores: Scores,
    other_scores: Scores,
    delta: float,
    quantiles: NDArray[np.float64] = _QUANTILES,
) -> Event:
    """The event that shows the greatest epsilon, beyond its noise.

    Args:
        scores: (n,), of the first input.
        other_scores: (m,), of the second one.
        delta: of the guarantee that is attacked.
        quantiles: of both samples together, as thresholds.
    """
    pooled = np.sort(np.concatenate([scores, other_scores]))
    places = (quantiles * (len(pooled) - 2)).astype(int)
    thresholds = (pooled[places] + pooled[places + 1]) / 2
    below = np.stack(
        [np.sort(x).searchsorted(thresholds, "right") for x in (scores, other_scores)]
    )
    sizes = np.array([[len(scores)], [len(other_scores)]])
    # Rows: events below a threshold in either sample, and events above it.
    rates = np.concatenate([below / sizes, 1 - below / sizes])
    low, high = _wilson(rates, np.concatenate([sizes, sizes]))
    against = high[[1, 0, 3, 2]]
    shown = np.log(np.maximum((low - delta) / against, 1.0))
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    return Event(
        threshold=float(thresholds[column]),
        above=row >= 2,
        likelier_for_other=bool(row % 2),
        epsilon=float(shown[row, column]),
    )


def bound(
    event: Event,
    scores: Scores,
    other_scores: Scores,
    delta: float,
    confidence: float,
) -> float:
    """Clopper and Pearson's bounds on the event's probabilities, as one on epsilon."""
    likely, unlikely = scores, other_scores
    if event.likelier_for_other:
        likely, unlikely = other_scores, scores
    hits, misses = event.count(likely), event.count(unlikely)
    tail = (1 - confidence) / 2
    n, m = len(likely), len(unlikely)
    low = beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(1 - tail, misses + 1, m - misses) if misses < m else 1.0
    return math.log((low - delta) / high) if low - delta > high else 0.0


def trials_needed(
    p: float,
    q: float,
    stated: float,
    delta: float = 0.0,
    confidence: float = 0.999,
    power: float = 0.9,
) -> int:
    """How many trials `audit` needs to show more than a statement, by one event.

    By the normal approximation of both counts. One value with Laplace noise, 10 % less
    of it than an epsilon of 1 needs:

    >>> trials_needed(0.5, math.exp(-1 / 0.9) / 2, stated=1.0)
    33974

    Args:
        p: probability of the event for the input that makes it likelier.
        q: the same for its neighbour, above 0.
        stated: epsilon of the statement.
        delta: of the statement.
        confidence: of the audit.
        power: probability that the audit's bound is above `stated`.

    Returns:
        For `trials`: half of them are counted.

    Raises:
        ValueError: if the event shows no more than is stated.
    """
    check_confidence(confidence)
    margin = math.log((p - delta) / q) - stated if p > delta and q > 0 else -1.0
    if margin <= 0:
        raise ValueError(
            "An event shows more than is stated if log((p - delta) / q) is above it. "
            f"Received: p = {p}, q = {q}, delta = {delta}, stated = {stated}."
        )
    # Of log(p - delta) and of log q, from one trial.
    deviations = np.array([math.sqrt(p * (1 - p)) / (p - delta), math.sqrt(1 / q - 1)])
    sure, often = norm.isf(tail_of(confidence) / 2), norm.isf(1 - power)
    needed = (sure * deviations.sum() + often * np.hypot(*deviations)) / margin
    return 2 * math.ceil(float(needed) ** 2)


def tail_of(confidence: float) -> float:
    """The probability of error that an audit leaves to each of its two scores."""
    return (1 - confidence) / 2


def _wilson(
    rates: NDArray[Any], sizes: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Wilson's lower and upper bounds on probabilities."""
    square = _CAUTION**2
    middle = rates + square / (2 * sizes)
    spread = _CAUTION * np.sqrt(rates * (1 - rates) / sizes + square / (4 * sizes**2))
    scale = 1 + square / sizes
    return (middle - spread) / scale, (middle + spread) / scale

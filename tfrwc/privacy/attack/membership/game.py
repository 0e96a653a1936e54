"""The membership game: an attacker learns from half of the examples, plays on the rest.

An attack is its signal, (n, d): with one column it is the score itself, with more a
logistic regression makes the score. Examples belong to clusters (patients), which are
never cut by a split.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RATES = (0.01, 0.001)  # false positive rates
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
MEASURES = ("auc", "advantage", *(f"tpr_at_fpr_{rate:g}" for rate in RATES))


def play(
    signal: Floats,
    member: Mask,
    clusters: NDArray[Any],
    repeats: int,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Measures of an attack, and each example's mean score while not learnt from.

    Args:
        signal: (n, d).
        member: (n,), bool.
        clusters: (n,), whole numbers; no cluster has both members and others.
        repeats: number of random halvings, each played both ways round.
        rng: that the halves are drawn with.

    Returns:
        (repeats, 2, measures), NaN where too few examples are there, and (n,).
    """
    values, total = [], np.zeros(len(signal))
    for _ in range(repeats):
        half = halves(clusters, member, rng)
        both = []
        for learn in (half, ~half):
            score = _score(signal, member, learn)
            total += np.where(learn, 0, score)
            both.append(_measure(score, member, learn))
        values.append(both)
    return np.array(values), total / repeats


def play_null(
    signal: Floats, clusters: NDArray[Any], repeats: int, rng: np.random.Generator
) -> Floats:
    """Measures (repeats, measures) with a random half of the clusters as members."""
    measures = []
    for _ in range(repeats):
        member = halves(clusters, np.ones(len(signal), bool), rng)
        values, _ = play(signal, member, clusters, 1, rng)
        measures.append(values.mean(axis=(0, 1)))
    return np.array(measures)


def highest(
    scores: Floats, member: Mask, repeats: int, rng: np.random.Generator
) -> tuple[Floats, int]:
    """Highest score of some members and of as many non-members, and how many.

    As many because the highest of many lies above that of few by chance alone. They
    are half of what the smaller side has, drawn anew in each repeat.

    Returns:
        (repeats, 2), of members and of non-members; the number of each.
    """
    sides = scores[member], scores[~member]
    count = min(map(len, sides)) // 2
    pairs = [
        [rng.choice(side, count, replace=False).max() for side in sides]
        for _ in range(repeats)
    ]
    return np.array(pairs), count


def auc(inside: NDArray[Any], outside: NDArray[Any]) -> float:
    """Share of pairs in which the member scores higher; ties count half.

    Args:
        inside: scores of members.
        outside: scores of non-members.
    """
    outside = np.sort(outside)
    below = np.searchsorted(outside, inside, "left")
    not_above = np.searchsorted(outside, inside, "right")
    return float((below + not_above).mean() / (2 * len(outside)))


def best_threshold(inside: NDArray[Any], outside: NDArray[Any]) -> float:
    """Threshold with the greatest TPR - FPR, halfway between two scores."""
    values = np.unique(np.concatenate([inside, outside]))
    middles = values[:-1] + np.diff(values) / 2
    thresholds = np.concatenate([[-np.inf], middles, [np.inf]])
    return float(thresholds[_advantage(inside, outside, thresholds).argmax()])


def tpr_at(inside: NDArray[Any], outside: NDArray[Any], rate: float) -> float:
    """True positive rate at the threshold with this false positive rate.

    A fresh non-member lies above the k-th highest of n with a probability of k / (n +
    1), without ties; between two k the shares are interpolated, as by a threshold that
    is either one at random. NaN where even the highest of n is too low a threshold.
    """
    exact = rate * (len(outside) + 1) + 1e-9
    k = int(exact)
    if k < 1:
        return float("nan")
    upper, lower = ((inside > t).mean() for t in np.sort(outside)[[-k, -k - 1]])
    return float(upper + (exact - k) * (lower - upper))


def halves(clusters: NDArray[Any], member: Mask, rng: np.random.Generator) -> Mask:
    """A random half of the clusters of members and of those of others, as (n,) bool."""
    chosen = np.zeros(clusters.max() + 1, bool)
    for side in (clusters[member], clusters[~member]):
        names = rng.permutation(np.unique(side))
        chosen[names[: len(names) // 2]] = True
    half: Mask = chosen[clusters]
    return half


def _advantage(
    inside: NDArray[Any], outside: NDArray[Any], thresholds: NDArray[Any]
) -> Floats:
    """TPR - FPR at each threshold."""
    below_in, below_out = (
        np.searchsorted(np.sort(scores), thresholds) / len(scores)
        for scores in (inside, outside)
    )
    advantage: Floats = below_out - below_in
    return advantage


def _measure(score: Floats, member: Mask, learn: Mask) -> list[float]:
    """`MEASURES`, of the examples that are not learnt from."""
    threshold = best_threshold(score[learn & member], score[learn & ~member])
    inside, outside = score[~learn & member], score[~learn & ~member]
    return [
        auc(inside, outside),
        float(_advantage(inside, outside, np.array([threshold]))[0]),
        *(tpr_at(inside, outside, rate) for rate in RATES),
    ]


def _score(signal: Floats, member: Mask, learn: Mask) -> Floats:
    """Scores of all examples, with what the ones marked by `learn` teach."""
    if signal.shape[1] == 1:
        return signal[:, 0]
    model = make_pipeline(
        StandardScaler(), LogisticRegression(solver="newton-cholesky")
    )
    model.fit(signal[learn], member[learn])
    score: Floats = model.decision_function(signal)
    return score

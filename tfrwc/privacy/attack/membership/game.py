"""The membership game: an attacker learns from half of the examples, plays on the rest.

An attack is its signal, (n, d): with one column it is the score itself, with more a
logistic regression makes the score. Examples belong to clusters (patients), which are
never cut by a split.
"""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

RATES = (0.01, 0.001)  # false positive rates
MEASURES = ("auc", "advantage", *(f"tpr_at_fpr_{rate:g}" for rate in RATES))


def play(signal, member, clusters, repeats, rng):
    """Measures of an attack, and its scores of each example while not learnt from.

    Args:
        signal: (n, d).
        member: (n,), bool.
        clusters: (n,), whole numbers; no cluster has both members and others.
        repeats: number of random halvings, each played both ways round.

    Returns:
        (repeats, 2, measures), NaN where too few examples are there, and (n,).
    """
    values, total = [], np.zeros(len(signal))
    for _ in range(repeats):
        half = _halves(clusters, member, rng)
        both = []
        for learn in (half, ~half):
            score = _score(signal, member, learn)
            total += np.where(learn, 0, score)
            both.append(_measure(score, member, learn))
        values.append(both)
    return np.array(values), total / repeats


def play_null(signal, clusters, repeats, rng):
    """Measures (repeats, measures) with half of the clusters called members."""
    found = []
    for _ in range(repeats):
        called = _halves(clusters, np.ones(len(signal), bool), rng)
        values, _ = play(signal, called, clusters, 1, rng)
        found.append(values.mean(axis=(0, 1)))
    return np.array(found)


def highest(scores, member, repeats, rng):
    """Highest score of some members and of as many non-members, (repeats, 2).

    As many because the highest of many lies above that of few by chance alone. They
    are half of what the smaller side has, drawn anew in each repeat.
    """
    sides = scores[member], scores[~member]
    count = min(map(len, sides)) // 2
    found = [
        [rng.choice(side, count, replace=False).max() for side in sides]
        for _ in range(repeats)
    ]
    return np.array(found), count


def auc(inside, outside):
    """Share of pairs in which the member scores higher; ties count half."""
    outside = np.sort(outside)
    below = np.searchsorted(outside, inside, "left")
    not_above = np.searchsorted(outside, inside, "right")
    return float((below + not_above).mean() / (2 * len(outside)))


def best_threshold(inside, outside):
    """Threshold with the greatest TPR - FPR, halfway between two scores."""
    values = np.unique(np.concatenate([inside, outside]))
    middles = values[:-1] + np.diff(values) / 2
    thresholds = np.concatenate([[-np.inf], middles, [np.inf]])
    return thresholds[_advantage(inside, outside, thresholds).argmax()]


def tpr_at(inside, outside, rate):
    """Share of members found where a fresh non-member is called one at this rate.

    A fresh non-member lies above the k-th highest of n with a probability of k / (n +
    1), without ties; between two k the shares are interpolated, as by a threshold that
    is either one at random. NaN where even the highest of n is too low a threshold.
    """
    exact = rate * (len(outside) + 1) + 1e-9
    k = int(exact)
    if k < 1:
        return np.nan
    found = [(inside > t).mean() for t in np.sort(outside)[[-k, -k - 1]]]
    return float(found[0] + (exact - k) * (found[1] - found[0]))


def _advantage(inside, outside, thresholds):
    below_in, below_out = (
        np.searchsorted(np.sort(scores), thresholds) / len(scores)
        for scores in (inside, outside)
    )
    return below_out - below_in


def _measure(score, member, learn):
    threshold = best_threshold(score[learn & member], score[learn & ~member])
    inside, outside = score[~learn & member], score[~learn & ~member]
    return [
        auc(inside, outside),
        float(_advantage(inside, outside, np.array([threshold]))[0]),
        *(tpr_at(inside, outside, rate) for rate in RATES),
    ]


def _score(signal, member, learn):
    if signal.shape[1] == 1:
        return signal[:, 0]
    model = make_pipeline(
        StandardScaler(), LogisticRegression(solver="newton-cholesky")
    )
    model.fit(signal[learn], member[learn])
    return model.decision_function(signal)


def _halves(clusters, member, rng):
    """Half of the clusters of members and half of those of others, as (n,) bool."""
    chosen = np.zeros(clusters.max() + 1, bool)
    for part in (clusters[member], clusters[~member]):
        names = rng.permutation(np.unique(part))
        chosen[names[: len(names) // 2]] = True
    return chosen[clusters]

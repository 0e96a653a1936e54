"""How far groupings of the same layers agree, and whether by more than chance."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

PERMUTATIONS = 999


def agreement(
    labels: Sequence[np.ndarray], random_state: int = 0
) -> tuple[float, float]:
    """Mean adjusted Rand index over pairs of groupings, and its p-value.

    A grouping that puts all in one group agrees with nothing. The p-value is of
    groupings dealt out again at random, one-sided.
    """
    labels = [np.unique(one, return_inverse=True)[1] for one in labels]
    members = [np.eye(one.max() + 1)[one] for one in labels]  # (layers, groups)
    pairs = list(combinations(range(len(labels)), 2))
    # Dealing out again changes how many pairs of layers two groupings both keep
    # together, and nothing else of the index.
    chance, most = np.array(
        [_chance_and_most(members[a], members[b]) for a, b in pairs]
    ).T

    def mean(members):
        kept = np.array([_pairs(members[a].T @ members[b]) for a, b in pairs])
        span = most - chance
        return np.divide(
            kept - chance, span, out=np.zeros(len(pairs)), where=span > 0
        ).mean()

    rng = np.random.default_rng(random_state)
    value = mean(members)
    exceed = sum(
        mean([rng.permutation(one) for one in members]) >= value - 1e-12
        for _ in range(PERMUTATIONS)
    )
    return float(value), (1 + exceed) / (1 + PERMUTATIONS)


def _chance_and_most(one, other):
    """Pairs of layers kept together by two groupings: expected, and at most."""
    each = [_pairs(members.sum(axis=0)) for members in (one, other)]
    chance = each[0] * each[1] / _pairs(np.array(len(one)))
    if min(one.shape[1], other.shape[1]) == 1:
        return chance, chance
    return chance, np.mean(each)


def _pairs(counts):
    return (counts * (counts - 1) / 2).sum()

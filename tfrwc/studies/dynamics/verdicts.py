"""From the cases of a claim to its verdict.

A case shows a claim, or the opposite, where the p-value of its test, adjusted for the
number of cases by Holm's method, is 0.05 or less, and is unclear otherwise. A claim is
supported if more than half of its testable cases show it and none shows the opposite.
"""

from itertools import combinations

import numpy as np

from tfrwc.dynamics.statistics import holm

LEVEL = 0.05
PERMUTATIONS = 999


def claim(text, paper, test, cases) -> dict:
    return {
        "claim": text,
        "paper": paper,
        "test": test,
        "verdict": verdict(cases),
        "cases": cases,
    }


def verdict(cases) -> str:
    shows = [case["shows"] for case in cases if case["shows"] != "not testable"]
    if not shows:
        return "not testable here"
    most = shows.count("claim") > len(shows) / 2
    return "supported" if most and "opposite" not in shows else "not supported"


def by_level(cases, null) -> list[dict]:
    """Say what each case shows, from its value and its p-value."""
    tested = [case for case in cases if "shows" not in case]
    adjusted = holm(np.array([case["p_value"] for case in tested], float))
    for case, p in zip(tested, adjusted, strict=True):
        clear = p <= LEVEL
        above = case["value"] > null
        case["p_adjusted"] = float(p)
        case["shows"] = ("claim" if above else "opposite") if clear else "unclear"
    return cases


def agreement(labels, random_state=0):
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

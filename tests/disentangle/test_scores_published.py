"""Scores against slow, plain implementations of their published definitions.

These follow Chen et al. (2018), Ridgeway and Mozer (2018), Kumar et al. (2018),
Eastwood and Williams (2018), Higgins et al. (2017) and Kim and Mnih (2018), with the
bins and estimators of Locatello et al. (2019).
"""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from tfrwc.datasets import sprites
from tfrwc.disentangle import scores

SIZES = (3, 4, 6, 8, 8)
FACTORS = np.indices(SIZES).reshape(5, -1).T
N = len(FACTORS)
RNG = np.random.default_rng(5)
CENTRED = FACTORS - FACTORS.mean(axis=0)
NOISY = CENTRED + RNG.normal(size=CENTRED.shape) * [0.3, 0.5, 1, 2, 4]
TURN = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)


def turned(codes):
    """Scale with orientation, and x with y, each pair turned by 45 degrees."""
    return np.hstack([codes[:, :1], codes[:, 1:3] @ TURN, codes[:, 3:] @ TURN])


VARYING = {
    "perfect": CENTRED,
    "permuted": CENTRED[:, [3, 0, 4, 2, 1]] * [0.5, -2.0, 3.0, 1.0, -0.25] + 4,
    "turned": turned(CENTRED),
    "noisy": NOISY,
    "noisy and turned": turned(NOISY),
    "mixed": NOISY @ RNG.normal(size=(5, 4)),
    "noise": RNG.normal(size=(N, 6)),
}
WITH_CONSTANTS = {
    "constant": np.zeros((N, 3)),
    "noisy beside constants": np.column_stack([np.zeros(N), NOISY, np.zeros(N)]),
}
CASES = VARYING | WITH_CONSTANTS


def test_the_factors_are_those_of_the_sprites():
    np.testing.assert_array_equal(sprites.generate(size=12).factors, FACTORS)


def binned(code):
    """Twenty bins of equal width from the least to the greatest."""
    low, high = min(code), max(code)
    if low == high:
        return [0] * len(code)
    return [min(int((c - low) / (high - low) * 20), 19) for c in code]


def mutual_information(a, b):
    n = len(a)
    of_a, of_b, of_both = Counter(a), Counter(b), Counter(zip(a, b, strict=True))
    total = 0.0
    for (i, j), count in of_both.items():
        total += count / n * math.log(count * n / (of_a[i] * of_b[j]))
    return total


def informations(codes, factors):
    return [
        [mutual_information(binned(code), list(factor)) for factor in factors.T]
        for code in codes.T
    ]


def plain_mig(codes, factors):
    table = informations(codes, factors)
    total = 0.0
    for j, factor in enumerate(factors.T):
        ranked = sorted((row[j] for row in table), reverse=True)
        entropy = 0.0
        for count in Counter(factor).values():
            entropy -= count / len(factor) * math.log(count / len(factor))
        total += (ranked[0] - ranked[1]) / entropy
    return total / factors.shape[1]


def plain_modularity(codes, factors):
    """Of latents with information: for those without any, the paper has 0/0."""
    found = []
    for row in informations(codes, factors):
        best = row.index(max(row))
        if row[best] < 1e-12:
            continue
        deviation = 0.0
        for j, information in enumerate(row):
            template = row[best] if j == best else 0.0
            deviation += (information - template) ** 2
        found.append(1 - deviation / (row[best] ** 2 * (len(row) - 1)))
    return sum(found) / len(found) if found else 0.0


@pytest.mark.parametrize("case", CASES)
def test_mig(case):
    expected = plain_mig(CASES[case], FACTORS)
    assert scores.mig(CASES[case], FACTORS) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_modularity(case):
    expected = plain_modularity(CASES[case], FACTORS)
    assert scores.modularity(CASES[case], FACTORS) == pytest.approx(expected, abs=1e-9)


def halves(n):
    """The split of the scores that need one; any would do."""
    order = np.random.default_rng(0).permutation(n)
    return order[: n // 2], order[n // 2 :]


def plain_sap(codes, factors):
    train, test = halves(len(codes))
    gaps = []
    for j in range(factors.shape[1]):
        accuracies = []
        for i in range(codes.shape[1]):
            svm = LinearSVC(C=0.01, class_weight="balanced")
            svm.fit(codes[train, i : i + 1], factors[train, j])
            predicted = svm.predict(codes[test, i : i + 1])
            right = sum(
                p == f for p, f in zip(predicted, factors[test, j], strict=True)
            )
            accuracies.append(right / len(test))
        accuracies.sort()
        gaps.append(accuracies[-1] - accuracies[-2])
    return sum(gaps) / len(gaps)


@pytest.mark.parametrize("case", CASES)
def test_sap(case):
    expected = plain_sap(CASES[case], FACTORS)
    assert scores.sap(CASES[case], FACTORS) == pytest.approx(expected, abs=1e-9)


def test_sap_of_one_latent_beside_constants():
    codes = np.column_stack([NOISY[:, 0], np.zeros((N, 2))])
    expected = plain_sap(codes, FACTORS)
    assert scores.sap(codes, FACTORS) == pytest.approx(expected, abs=1e-9)


def certainty(weights):
    """1 less the entropy of the weights, as probabilities, in units of its greatest."""
    total, entropy = sum(weights), 0.0
    if total == 0:
        return 0.0
    for weight in weights:
        if weight > 0:
            entropy -= weight / total * math.log(weight / total, len(weights))
    return 1 - entropy


def plain_dci(codes, factors):
    train, test = halves(len(codes))
    columns, right = [], 0
    for factor in factors.T:
        trees = GradientBoostingClassifier(random_state=0)
        trees.fit(codes[train], factor[train])
        columns.append(list(trees.feature_importances_))
        right += sum(trees.predict(codes[test]) == factor[test])
    whole = sum(sum(column) for column in columns)
    rows = list(zip(*columns, strict=True))
    if whole == 0:
        return 0.0, 0.0, right / factors[test].size
    return (
        sum(sum(row) / whole * certainty(row) for row in rows),
        sum(sum(column) / whole * certainty(column) for column in columns),
        right / factors[test].size,
    )


QUICK = ("noisy beside constants", "constant")


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=() if c in QUICK else pytest.mark.slow) for c in CASES],
)
def test_dci(case):
    some = np.random.default_rng(1).choice(N, 400, replace=False)
    codes, factors = CASES[case][some], FACTORS[some][:, [0, 1, 3]]
    found = scores.dci(codes, factors)
    assert (
        found.disentanglement,
        found.completeness,
        found.informativeness,
    ) == pytest.approx(plain_dci(codes, factors), abs=1e-9)


def rows_of(points):
    """Where the points, lists of factor values, stand in the grid of all."""
    return np.ravel_multi_index(tuple(np.transpose(points)), SIZES)


def any_points(rng, n):
    return rng.integers(SIZES, size=(n, len(SIZES))).tolist()


def plain_beta_vae(codes, votes, rng):
    features, labels = [], []
    for _ in range(votes):
        j = int(rng.integers(len(SIZES)))
        one, two = any_points(rng, 64), any_points(rng, 64)
        for a, b in zip(one, two, strict=True):
            b[j] = a[j]
        difference = codes[rows_of(one)] - codes[rows_of(two)]
        features.append(abs(difference).mean(axis=0))
        labels.append(j)
    features, half = np.array(features), votes // 2
    model = LogisticRegression(max_iter=10_000).fit(features[:half], labels[:half])
    return float(np.mean(model.predict(features[half:]) == labels[half:]))


def plain_factor_vae(codes, votes, rng):
    alive = [i for i, code in enumerate(codes.T) if code.min() < code.max()]
    cast = []
    for _ in range(votes if alive else 0):
        j = int(rng.integers(len(SIZES)))
        points = any_points(rng, 64)
        for point in points:
            point[j] = points[0][j]
        seen = codes[rows_of(points)]
        ratios = [np.var(seen[:, i], ddof=1) / np.var(codes[:, i]) for i in alive]
        cast.append((alive[ratios.index(min(ratios))], j))
    training, held_out = cast[: votes // 2], cast[votes // 2 :]
    majority = {}
    for i in alive:
        of_latent = Counter(j for latent, j in training if latent == i)
        majority[i] = of_latent.most_common(1)[0][0] if of_latent else None
    return sum(majority[i] == j for i, j in held_out) / max(len(held_out), 1)


VOTES = 600


def close(found, expected):
    """Within four deviations of the difference of two rates over VOTES / 2 votes."""
    rate = (found + expected) / 2
    return abs(found - expected) <= 4 * math.sqrt(4 * rate * (1 - rate) / VOTES) + 0.005


@pytest.mark.parametrize("case", CASES)
def test_beta_vae(case):
    found = scores.beta_vae(CASES[case], FACTORS, votes=VOTES)
    assert close(found, plain_beta_vae(CASES[case], VOTES, np.random.default_rng(9)))


@pytest.mark.parametrize("case", CASES)
def test_factor_vae(case):
    found = scores.factor_vae(CASES[case], FACTORS, votes=VOTES)
    assert close(found, plain_factor_vae(CASES[case], VOTES, np.random.default_rng(9)))


@pytest.mark.parametrize("constant", [0.1, -0.3])
def test_factor_vae_beside_a_constant_other_than_0(constant):
    codes = np.column_stack([np.full(N, constant), NOISY])
    found = scores.factor_vae(codes, FACTORS, votes=VOTES)
    assert close(found, plain_factor_vae(codes, VOTES, np.random.default_rng(9)))


SOME = np.random.default_rng(2).choice(N, 500, replace=False)
CHANGES = {
    "order": st.permutations(range(5)),
    "scales": st.lists(st.floats(0.01, 100), min_size=5, max_size=5),
    "signs": st.lists(st.sampled_from([-1.0, 1.0]), min_size=5, max_size=5),
    "shifts": st.lists(st.floats(-100, 100), min_size=5, max_size=5),
}


# Rounding may carry a point over the edge of a bin, or a vote over that of a class.
@pytest.mark.parametrize(
    ("score", "tolerance"),
    [
        (scores.mig, 5e-3),
        (scores.modularity, 5e-3),
        (lambda c, f: scores.factor_vae(c, f, votes=60), 1e-9),
        (lambda c, f: scores.beta_vae(c, f, 8, 50, standardise=True), 0.04),
    ],
    ids=["mig", "modularity", "factor_vae", "beta_vae"],
)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(**CHANGES)
def test_order_scales_and_shifts_of_latents_do_not_matter(
    score, tolerance, order, scales, signs, shifts
):
    codes, factors = NOISY[SOME], FACTORS[SOME]
    changed = (codes * scales * signs + shifts)[:, order]
    assert score(changed, factors) == pytest.approx(
        score(codes, factors), abs=tolerance
    )


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(-3, 3))
def test_mig_and_modularity_stay_between_0_and_1(seed, latents, exponent):
    rng = np.random.default_rng(seed)
    codes = FACTORS[SOME] @ rng.normal(size=(5, latents)) * 10**exponent
    for score in (scores.mig, scores.modularity):
        assert 0 <= score(codes, FACTORS[SOME]) <= 1

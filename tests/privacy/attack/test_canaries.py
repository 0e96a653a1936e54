"""Audits by canaries: against the paper, and on mechanisms of known epsilon.

A bound at 95 % may lie above the true epsilon in 5 % of the seeds: a test that counts
such seeds fails with a probability of at most 1e-3 when all is right. The seeds are
fixed, so a test that passes goes on passing.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.linear_model import LogisticRegression

from tfrwc.privacy import audit_canaries, audit_runs, make_canaries
from tfrwc.privacy.accounting import release
from tfrwc.privacy.attack.canaries import greatest_rejected, p_value

SEEDS = range(200)
MOST_ABOVE = binom.isf(1e-3, len(SEEDS), 0.05)


def randomized_response(rng, included, epsilon):
    """Each coin, true with e^epsilon to 1."""
    wrong = rng.random(len(included)) > 1 / (1 + math.exp(-epsilon))
    return (included ^ wrong) * 1.0


def above(make, truth, delta, m=200, **settings):
    """In how many seeds the bound is above the truth; and all bounds."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        included = rng.random(m) < 0.5
        scores = make(rng, included)
        audit = audit_canaries(scores, included, delta, random_state=seed, **settings)
        found.append(audit.epsilon)
    return sum(bound > truth for bound in found), np.array(found)


@pytest.mark.parametrize(
    ("m", "r", "v", "delta", "epsilon"),
    [(1000, 100, 75, 1e-4, 0.673), (100_000, 1510, 1439, 1e-5, 2.675)],
)
def test_published_bounds(m, r, v, delta, epsilon):
    """Those printed in arXiv:2305.08846v1, appendix D and section 7, at 95 %."""
    got = greatest_rejected(m, r, v, delta, 0.05)
    assert got == pytest.approx(epsilon, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.data(), st.floats(0, 5), st.sampled_from([0.0, 1e-3]))
def test_p_values_by_loops(r, data, epsilon, delta):
    v, m = data.draw(st.integers(0, r)), r + 5
    q = math.exp(epsilon) / (1 + math.exp(epsilon))
    p = [math.comb(r, k) * q**k * (1 - q) ** (r - k) for k in range(r + 1)]
    expected = sum(p[v:]) + 2 * m * delta * max(
        [sum(p[v - i : v]) / i for i in range(1, v + 1)], default=0
    )
    assert p_value(m, r, v, epsilon, delta) == pytest.approx(min(1, expected))


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
@pytest.mark.parametrize("guesses", [200, 100, None])
def test_randomized_response(epsilon, guesses):
    """The tightest mechanism: bounds come close, and are above as seldom as said."""
    count, found = above(
        lambda rng, coins: randomized_response(rng, coins, epsilon),
        epsilon,
        0.0,
        guesses=guesses,
    )
    assert count <= MOST_ABOVE
    assert (found > 0).mean() > 0.5
    # With a few hundred guesses the bound is well below the truth, but not idle.
    assert np.mean(found) > 0.25 * epsilon


@pytest.mark.parametrize(("sigma", "least"), [(1.0, 0.3), (0.3, 1.5)])
def test_gaussian_noise(sigma, least):
    delta = 1e-4
    truth = release.gaussian(1.0, sigma, delta).epsilon
    count, found = above(
        lambda rng, coins: coins + rng.normal(0, sigma, len(coins)),
        truth,
        delta,
        guesses=50,
    )
    assert count <= MOST_ABOVE
    assert np.mean(found) > least


def test_delta_is_paid_for():
    """Each canary is laid open with probability delta: (0, delta), and nothing more."""
    m, delta = 200, 0.05

    def leak(rng, included):
        laid_open = rng.random(m) < delta
        return np.where(laid_open, np.where(included, 9.0, -9.0), rng.normal(size=m))

    count, _ = above(leak, 0.0, delta, m, guesses=10)
    assert count <= MOST_ABOVE
    # The same guesses without the correction are above in most seeds.
    count, _ = above(leak, 0.0, 0.0, m, guesses=10)
    assert count > 100


def test_nothing_is_read_from_the_order_of_canaries():
    """All scores alike, and all included first: there is nothing to find."""
    found = [
        audit_canaries(np.zeros(400), np.arange(400) < 200, 0.0, random_state=seed)
        for seed in SEEDS
    ]
    assert sum(audit.epsilon > 0 for audit in found) <= MOST_ABOVE


def test_no_leak():
    count, _ = above(lambda rng, coins: rng.normal(size=len(coins)), 0.0, 0.0)
    assert count <= MOST_ABOVE


def test_all_right_by_hand():
    """Every one of r guesses right: q^r = 5 % at the bound."""
    included = np.arange(100) < 50
    audit = audit_canaries(included * 1.0, included, 0.0, guesses=60)
    q = 0.05 ** (1 / 60)
    assert audit.epsilon == pytest.approx(math.log(q / (1 - q)))
    assert (audit.canaries, audit.guesses, audit.correct) == (100, 60, 60)
    assert audit.choices == (60,)
    two = audit_canaries(included * 1.0, included, 0.0, guesses=[60, 30])
    q = 0.025 ** (1 / 60)
    assert two.epsilon == pytest.approx(math.log(q / (1 - q)))


def test_guesses_are_of_the_highest_and_the_lowest():
    scores = np.arange(10.0)
    included = np.isin(scores, [0, 7, 9])
    # In: 9, 8 and 7, of which 8 is wrong. Out: 0 and 1, of which 0 is wrong.
    audit = audit_canaries(scores, included, 0.0, guesses=5)
    assert (audit.guesses, audit.correct) == (5, 3)


def test_choices_that_are_paid_for():
    included = np.arange(100) < 50
    audit = audit_canaries(included * 1.0, included, 0.0)
    assert audit.choices == (100, 50, 25)
    assert audit_canaries([0.0, 1], np.array([False, True]), 0.0).choices == (2,)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(40)), st.floats(0.1, 3))
def test_neither_order_nor_scale_matters(order, scale):
    rng = np.random.default_rng(0)
    included, scores = rng.random(40) < 0.5, rng.normal(size=40)
    scores += 2 * included
    one = audit_canaries(scores, included, 1e-5)
    order = np.array(order)
    assert audit_canaries(np.exp(scale * scores[order]), included[order], 1e-5) == one


def test_a_model_that_learns_canaries_by_heart_is_found_out():
    """Logistic regression on noise images: far from private at epsilon 1."""
    images = np.random.default_rng(0).integers(0, 256, (50, 20, 20), np.uint8)
    canaries = make_canaries(images, classes=2, count=500, seed=0)
    x = canaries.images.reshape(500, -1) / 255 - 0.5
    learnt = canaries.included
    model = LogisticRegression(C=10).fit(x[learnt], canaries.labels[learnt])
    scores = model.predict_log_proba(x)[np.arange(500), canaries.labels]
    audit = audit_canaries(scores, canaries.included, delta=1e-5)
    assert audit.epsilon > 1
    # With the labels of others there is nothing to see.
    scores = model.predict_log_proba(x)[np.arange(500), np.roll(canaries.labels, 1)]
    assert audit_canaries(scores, canaries.included, 1e-5).epsilon < 0.3


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_canaries(dtype):
    x = np.array([[[3, 200]], [[10, 7]]], dtype)
    canaries = make_canaries(x, classes=3, count=6000, seed=0)
    assert canaries.images.shape == (6000, 1, 2)
    assert canaries.images.dtype == dtype
    assert canaries.images.min() == pytest.approx(3, abs=0.5)
    assert canaries.images.max() == pytest.approx(200, abs=0.5)
    assert np.bincount(canaries.labels) == pytest.approx([2000] * 3, abs=150)
    assert canaries.included.sum() == pytest.approx(3000, abs=150)
    assert (make_canaries(x, 3, 50).included != make_canaries(x, 3, 50).included).any()


def test_canaries_of_whole_units():
    x = np.random.default_rng(0).integers(0, 256, (5, 3, 3), np.uint8)
    canaries = make_canaries(x, 4, 50, seed=1, images_per_unit=3)
    assert canaries.images.shape == (150, 3, 3)
    assert len(canaries.labels) == 150
    assert len(canaries.included) == 50
    rows = canaries.rows_included.reshape(50, 3)
    np.testing.assert_array_equal(rows, np.repeat(canaries.included[:, None], 3, 1))
    scores = np.arange(150.0)
    np.testing.assert_array_equal(canaries.of_units(scores), scores[1::3])
    with pytest.raises(ValueError, match=r"\(150,\), one of each image"):
        canaries.of_units(scores[:50])
    with pytest.raises(ValueError, match="images_per_unit"):
        make_canaries(x, 4, 50, images_per_unit=0)


def test_many_runs_with_one_canary():
    """Of randomized response: above the truth as seldom as said, and close to it."""
    found = []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        inside, outside = (
            randomized_response(rng, np.full(600, coin), 1.0) for coin in (True, False)
        )
        found.append(audit_runs(inside, outside[:500], 0.0))
    assert sum(bound > 1 for bound in found) <= MOST_ABOVE
    assert 0.4 < np.mean(found) < 1


def test_runs_without_a_leak_and_with_a_complete_one():
    scores = np.random.default_rng(0).normal(size=(2, 100))
    assert audit_runs(*scores, delta=1e-5) < 0.5
    # Of 50 that test: at least 0.025^(1/50), at most 1 less that.
    p = 0.025 ** (1 / 50)
    bound = audit_runs(scores[0] + 20, scores[1], delta=1e-5)
    assert bound == pytest.approx(math.log((p - 1e-5) / (1 - p)))


HALF = np.arange(40) < 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: audit_canaries(HALF * 1.0, HALF[1:], 0), r"\(40,\) and \(39,\)"),
        (lambda: audit_canaries([], HALF[:0], 0), r"\(0,\) and \(0,\)"),
        (lambda: audit_canaries(HALF * 1.0, HALF * 1, 0), "bool. Received: int64"),
        (lambda: audit_canaries(HALF / 0.0, HALF, 0), "scores must be finite"),
        (lambda: audit_canaries(HALF * 1.0, HALF, 2), "delta is a probability"),
        (lambda: audit_canaries(HALF * 1.0, HALF, None), "Received: None"),
        (lambda: audit_canaries(HALF * 1.0, HALF, 0, confidence=1), "confidence is"),
        (lambda: audit_canaries(HALF * 1.0, HALF, 0, guesses=41), "1 to 40, .* 41"),
        (lambda: audit_canaries(HALF * 1.0, HALF, 0, guesses=[5, 0]), r"\[5, 0\]"),
        (lambda: audit_canaries(HALF * 1.0, HALF, 0, guesses=[]), r"Received: \[\]"),
        (lambda: audit_canaries(HALF * 1.0, HALF, 0, guesses=2.5), "Received: 2.5"),
        (lambda: audit_runs(HALF[:9], HALF, 0), r"10 or more .* \(9,\) and \(40,\)"),
        (lambda: audit_runs(HALF[None], HALF, 0), r"\(1, 40\) and \(40,\)"),
        (lambda: audit_runs(HALF * math.nan, HALF, 0), "finite scores"),
        (lambda: audit_runs(HALF, HALF, 0, confidence=0), "confidence is"),
        (lambda: audit_runs(HALF, HALF, -1), "delta is a probability"),
        (lambda: make_canaries(np.zeros(5), 2, 5), r"images .* Received: shape \(5,\)"),
        (lambda: make_canaries(np.zeros((0, 5)), 2, 5), r"shape \(0, 5\)"),
        (lambda: make_canaries(np.zeros((5, 5)), 0, 5), "classes must be .* 0"),
        (lambda: make_canaries(np.zeros((5, 5)), 2, 1.5), "count must be .* 1.5"),
        (lambda: make_canaries(np.zeros((5, 5)), 2, 5, seed=-1), "seed must be .* -1"),
        (
            lambda: audit_canaries(HALF * 1.0, HALF, 0, random_state=0.5),
            "random_state must be .* 0.5",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:.*encountered in divide:RuntimeWarning")
def test_mistakes_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()

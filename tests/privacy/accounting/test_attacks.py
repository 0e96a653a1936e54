"""Bounds on attacks against closed forms, and against the best attack there is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from tfrwc.privacy.accounting import attacks
from tfrwc.privacy.accounting.bounds import (
    advantage_bound,
    auc_bound,
    group_guarantee,
    tpr_bound,
)
from tfrwc.privacy.accounting.sgd import Stage, composed

RATES = np.array([1e-4, 1e-3, 0.01, 0.1, 0.5, 0.9])


@pytest.mark.parametrize("shift", [1e-3, 0.1, 1.0, 3.0, 10.0])
def test_normal_noise_has_closed_forms(shift):
    limits = attacks.of_normal_noise(shift, 1.0)
    assert limits.advantage == pytest.approx(2 * norm.cdf(shift / 2) - 1, rel=1e-3)
    assert limits.auc == pytest.approx(norm.cdf(shift / math.sqrt(2)), rel=1e-3)
    expected = norm.cdf(shift + norm.ppf(RATES))
    np.testing.assert_allclose(limits.tpr_at(RATES), expected, rtol=2e-3)
    # A bound: never below, but for rounding.
    assert (limits.tpr_at(RATES) > expected - 1e-9).all()
    assert limits.success == (1 + limits.advantage) / 2
    # Shifted to either side of where nobody is, it is twice as far.
    both = limits.replaced()
    assert both.advantage == pytest.approx(2 * norm.cdf(shift) - 1, rel=1e-3)
    assert both.auc == pytest.approx(norm.cdf(shift * math.sqrt(2)), rel=1e-3)
    expected = norm.cdf(2 * shift + norm.ppf(RATES))
    np.testing.assert_allclose(both.tpr_at(RATES), expected, rtol=5e-3)


@pytest.mark.parametrize("count", [1, 3, 4096, 10**6])
@pytest.mark.parametrize("epsilon", [10.0, 20.0, 29.9, 37.0, 50.0, 300.0, 800.0])
def test_no_pure_epsilon_is_too_large_to_tell(epsilon, count):
    limits = attacks.of_pure(((epsilon, count),))
    assert limits.advantage > math.tanh(epsilon / 2) - 1e-9


def test_many_steps_that_use_all_are_one():
    one = attacks.of_normal_noise(3.0, 1.5)
    many = attacks.of_training(
        [Stage(1.5, 1.0, 4), Stage(1.0, 1.0, 1), Stage(0.5, 1, 1)]
    )
    assert one.advantage == pytest.approx(2 * norm.cdf(1.0) - 1, rel=1e-3)
    shift = math.sqrt(4 / 1.5**2 + 1 + 4)
    assert many.advantage == pytest.approx(2 * norm.cdf(shift / 2) - 1, rel=1e-3)


@pytest.mark.parametrize(
    ("epsilon", "count"), [(1.0, 1), (0.3, 7), (0.01, 784), (2.0, 3), (0.0, 5)]
)
def test_randomized_responses_have_closed_forms(epsilon, count):
    limits = attacks.of_pure(((epsilon, count),))
    truth = 1 / (1 + math.exp(-epsilon))
    k = np.arange(count + 1)
    right, wrong = binom.pmf(k, count, truth), binom.pmf(k, count, 1 - truth)
    advantage = np.maximum(right - wrong, 0).sum()
    assert limits.advantage == pytest.approx(advantage, rel=2e-3, abs=1e-9)


@settings(deadline=None, max_examples=15)
@given(
    noise=st.floats(0.4, 20),
    rate=st.floats(1e-3, 1),
    steps=st.integers(1, 500),
    delta=st.sampled_from([1e-9, 1e-5, 1e-2]),
    size=st.integers(1, 5),
)
def test_all_bounds_are_below_those_of_epsilon_and_delta(
    noise, rate, steps, delta, size
):
    stage = Stage(noise, rate, steps)
    limits = attacks.of_training([stage], size)
    epsilon = composed([stage], delta, size).epsilon
    known = attacks.of_guarantee(epsilon, delta)
    slack = 1e-3
    assert limits.advantage <= known.advantage * (1 + slack)
    assert limits.auc <= known.auc * (1 + slack)
    assert (limits.tpr_at(RATES) <= known.tpr_at(RATES) * (1 + slack) + 1e-9).all()
    # A curve that no other one can be above rises, and bends down.
    assert (np.diff(limits.tpr) >= 0).all()
    assert (np.diff(limits.fpr) >= 0).all()
    middle = limits.tpr_at((RATES[1:] + RATES[:-1]) / 2)
    values = limits.tpr_at(RATES)
    assert (middle >= (values[1:] + values[:-1]) / 2 - 1e-9).all()
    both = limits.replaced()
    assert limits.advantage <= both.advantage <= min(1, 2 * limits.advantage + 1e-6)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 30), st.floats(0, 0.5))
def test_what_a_guarantee_alone_allows(epsilon, delta):
    limits = attacks.of_guarantee(epsilon, delta)
    assert limits.advantage == pytest.approx(advantage_bound(epsilon, delta))
    assert limits.auc == pytest.approx(auc_bound(epsilon, delta))
    expected = tpr_bound(RATES, epsilon, delta)
    np.testing.assert_allclose(limits.tpr_at(RATES), expected, rtol=1e-6)
    twice = attacks.of_guarantee(*group_guarantee(epsilon, delta, 2))
    assert limits.replaced().advantage <= twice.advantage + 1e-9


def losses(rng, stages, size, present, trials):
    """What the best attacker sums up of steps with a group, or without."""
    total = np.zeros(trials)
    for noise, rate, steps in stages:
        chances = binom.pmf(np.arange(size + 1), size, rate)
        means = np.arange(size + 1) / noise
        for _ in range(steps):
            x = rng.normal(size=trials)
            if present:
                x += rng.binomial(size, rate, trials) / noise
            terms = means * x[:, None] - means**2 / 2
            total += np.log(np.exp(terms) @ chances)
    return total


@pytest.mark.parametrize(
    ("stages", "size"),
    [
        ([Stage(0.9753, 256 / 4708, 57)], 1),
        ([Stage(0.9753, 256 / 4708, 57)], 5),
        ([Stage(2.0, 0.2, 20), Stage(1.0, 0.02, 30)], 1),
        ([Stage(0.5, 0.001, 100)], 1),
    ],
)
def test_the_best_attack_reaches_the_bounds_and_not_more(stages, size):
    """Likelihood ratios of 30,000 trainings with, and as many without, for 3 seeds.

    Each comparison allows for 4.5 standard errors; of all in this test, one fails for
    correct bounds with a probability below 4 x 3 x 3 x 7e-6 = 3e-4.
    """
    limits, trials = attacks.of_training(stages, size), 30_000
    for seed in range(3):
        rng = np.random.default_rng(seed)
        inside = losses(rng, stages, size, True, trials)
        outside = losses(rng, stages, size, False, trials)
        error = 4.5 / math.sqrt(2 * trials)
        advantage = (inside > 0).mean() - (outside > 0).mean()
        assert abs(advantage - limits.advantage) < error + 2e-3 * limits.advantage
        threshold = np.quantile(outside, 0.95)
        tpr = (inside > threshold).mean()
        slope = 8  # of the curve at 5 %, at most: the threshold is a guess, too
        spread = math.sqrt(0.25 + slope**2 * 0.05) / math.sqrt(trials)
        assert abs(tpr - limits.tpr_at(0.05)) < 4.5 * spread
        ranks = np.searchsorted(np.sort(outside), inside) / trials
        ties = np.searchsorted(np.sort(outside), inside, "right") / trials
        auc = (ranks + ties).mean() / 2
        assert abs(auc - limits.auc) < error + 1e-3


def test_ends():
    assert attacks.of_training([]).advantage == 0
    assert attacks.of_training([Stage(1.0, 0.1, 0)]).auc == 0.5
    assert attacks.of_training([Stage(0.0, 0.1, 1)]).advantage == 1
    assert attacks.of_training([Stage(1e-9, 0.1, 1)]).advantage == 1
    assert attacks.of_pure(((5000.0, 2),)).advantage == 1
    assert attacks.of_normal_noise(1e9, 1.0).auc == 1
    assert attacks.of_training([Stage(1e12, 1e-5, 3)]).advantage < 1e-9
    assert attacks.of_guarantee(math.inf).replaced().advantage == 1

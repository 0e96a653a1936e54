"""The account of DP-SGD against other accountants, and audits of trained models."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from tfrwc.privacy.accounting.release import gaussian
from tfrwc.privacy.accounting.sgd import (
    Stage,
    composed,
    group,
    noise_multiplier_for,
    sampled_gaussian,
)

CASES = [
    # noise, rate, steps, delta
    (1.0, 0.01, 1000, 1e-5),
    (0.7, 128 / 4708, 370, 1e-5),
    (4.0, 0.2, 500, 1e-6),
    (2.0, 0.5, 30, 1e-4),
    (0.6, 0.002, 5000, 1e-5),
    (10.0, 0.1, 100, 1e-5),
]


def deltas(noise, chances, steps, epsilon, width=1e-4, bound=60.0):
    """Delta at epsilon of both directions, by an FFT of the losses of one step.

    A step adds j times the clip with probability chances[j]. Losses are put onto the
    nearest grid point, so that this is an estimate and no bound; nothing of it is
    dp-accounting's.
    """
    j = np.arange(len(chances))[:, None]
    x = np.arange(-noise * 12, j[-1, 0] + noise * 12, noise * 2e-5)
    step = x[1] - x[0]
    ratio = np.log(chances @ np.exp((2 * j * x - j**2) / (2 * noise**2)))
    without = stats.norm.pdf(x, 0, noise)
    found = []
    for loss, density in ((ratio, without * np.exp(ratio)), (-ratio, without)):
        n = 2 * round(bound / width)
        grid = np.round(loss / width).astype(int)
        mass = np.bincount(grid % n, weights=density * step, minlength=n)
        # The first moment, lost by rounding, is put back as a shift.
        drift = steps * ((density * step) @ (loss - grid * width))
        total = np.fft.irfft(np.fft.rfft(mass) ** steps, n)
        losses = np.arange(n) * width
        losses[n // 2 :] -= n * width
        losses = losses + drift
        above = losses > epsilon
        found.append(total[above] @ -np.expm1(epsilon - losses[above]))
    return max(found)


@pytest.mark.parametrize(("noise", "rate", "steps", "delta"), CASES)
def test_agrees_with_an_accountant_of_its_own(noise, rate, steps, delta):
    epsilon = sampled_gaussian(noise, rate, steps, delta).epsilon
    # A bound, and no more than 1 % above.
    chances = [1 - rate, rate]
    assert deltas(noise, chances, steps, epsilon) <= delta * (1 + 1e-3)
    assert deltas(noise, chances, steps, 0.99 * epsilon) > delta


@pytest.mark.parametrize(("noise", "rate", "steps", "delta"), CASES)
def test_is_below_renyi_accounting(noise, rate, steps, delta):
    import dp_accounting
    from dp_accounting import rdp

    accountant = rdp.RdpAccountant()
    event = dp_accounting.GaussianDpEvent(noise)
    accountant.compose(dp_accounting.PoissonSampledDpEvent(rate, event), steps)
    bound = accountant.get_epsilon(delta)
    epsilon = sampled_gaussian(noise, rate, steps, delta).epsilon
    assert 0.7 * bound < epsilon <= bound


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 3.0, 8.0, 50.0])
def test_noise_for_a_budget(epsilon):
    noise = noise_multiplier_for(epsilon, 1e-5, 0.05, 200)
    cost = sampled_gaussian(noise, 0.05, 200, 1e-5).epsilon
    assert 0.99 * epsilon < cost <= epsilon
    assert sampled_gaussian(0.99 * noise, 0.05, 200, 1e-5).epsilon > epsilon


def test_ends():
    assert sampled_gaussian(1.0, 0.1, 0, 1e-5).epsilon == 0
    assert math.isinf(sampled_gaussian(0.0, 0.1, 1, 1e-5).epsilon)
    whole = sampled_gaussian(3.0, 1, 9, 1e-5).epsilon
    nearly = sampled_gaussian(3.0, 1 - 1e-6, 9, 1e-5).epsilon
    assert whole == pytest.approx(nearly, rel=1e-3)


def test_a_group_costs_more_than_one_and_no_more_than_other_bounds():
    one = sampled_gaussian(2.0, 0.05, 100, 1e-5)
    two = group(2, 2.0, 0.05, 100, 1e-5)
    # (ε, δ) of one is (2 ε, (1 + e^ε) δ) of two.
    smaller = 1e-5 / (1 + math.exp(two.epsilon / 2))
    half = sampled_gaussian(2.0, 0.05, 100, smaller).epsilon
    assert one.epsilon < two.epsilon < 2 * half
    assert group(1, 2.0, 0.05, 100, 1e-5) == one
    # All of it, or none.
    many = group(50, 20.0, 0.5, 10, 1e-5).epsilon
    assert many < sampled_gaussian(0.4, 1, 10, 1e-5).epsilon


@pytest.mark.parametrize("size", [2, 3, 6])
def test_a_group_costs_what_it_does(size):
    # Of a group, a step uses a binomial number.
    noise, rate, steps = 3.0, 0.05, 50
    bound = group(size, noise, rate, steps, 1e-5).epsilon
    chances = stats.binom.pmf(np.arange(size + 1), size, rate)
    assert deltas(noise, chances, steps, bound) <= 1e-5 * (1 + 1e-3)
    assert deltas(noise, chances, steps, 0.99 * bound) > 1e-5


@settings(deadline=None, max_examples=15)
@given(
    noise=st.floats(0.3, 100),
    log_rate=st.floats(-5, 0),
    log_steps=st.floats(0, 5),
    log_delta=st.floats(-15, -3),
    size=st.integers(2, 100),
)
def test_more_of_anything_costs_more(noise, log_rate, log_steps, log_delta, size):
    """Within 0.2 %, which bounds are apart by."""
    rate, delta, steps = 10**log_rate, 10**log_delta, round(10**log_steps)
    stage = Stage(noise, rate, steps)
    epsilon = composed([stage], delta).epsilon
    for more in (
        composed([stage._replace(noise_multiplier=0.9 * noise)], delta),
        composed([stage._replace(rate=min(1.1 * rate, 1.0))], delta),
        composed([stage._replace(steps=steps + 1)], delta),
        composed([stage, Stage(50.0, 0.01, 1)], delta),
        composed([stage], 0.5 * delta),
        composed([stage], delta, size),
    ):
        assert epsilon <= more.epsilon * 1.002 < math.inf


def test_stages_are_of_one_sum():
    parts = [Stage(1.0, 0.01, 300), Stage(1.0, 0.01, 700)]
    whole = sampled_gaussian(1.0, 0.01, 1000, 1e-5).epsilon
    assert composed(parts, 1e-5).epsilon == pytest.approx(whole, rel=1e-3)
    assert composed(parts[::-1], 1e-5) == composed(parts, 1e-5)
    # Whole data sets in a step: normal noise adds up.
    bare = [Stage(3.0, 1.0, 9), Stage(4.0, 1.0, 32)]
    expected = gaussian(math.sqrt(3), 1.0, 1e-5).epsilon
    assert composed(bare, 1e-5).epsilon == pytest.approx(expected)
    assert composed([Stage(0.0, 0.0, 5), Stage(1.0, 0.1, 0)], 1e-5).epsilon == 0


@pytest.mark.parametrize("delta", [1e-5, 1e-13])
def test_stages_of_different_noise(delta):
    """Against dp-accounting, as far as it goes, and Rényi divergences."""
    import dp_accounting
    from dp_accounting import pld, rdp

    stages = [Stage(1.0, 0.01, 500), Stage(2.0, 0.1, 50), Stage(5.0, 1.0, 3)]
    epsilon = composed(stages, delta).epsilon
    accountants = [rdp.RdpAccountant()]
    if delta > 1e-8:
        accountants.append(pld.PLDAccountant(value_discretization_interval=1e-3))
    for accountant in accountants:
        for noise, rate, steps in stages:
            event = dp_accounting.GaussianDpEvent(noise)
            event = dp_accounting.PoissonSampledDpEvent(rate, event)
            accountant.compose(event, steps)
    bounds = [accountant.get_epsilon(delta) for accountant in accountants]
    assert 0.8 * bounds[0] < epsilon < bounds[0]
    if delta > 1e-8:
        assert epsilon == pytest.approx(bounds[1], rel=5e-3)


@pytest.mark.parametrize(
    ("epsilon", "delta", "rate", "steps", "most"),
    [
        (1000, 1e-5, 0.01, 100, 0.1),
        (3.0, 1e-15, 0.01, 1000, 1.25),
        (3.0, 1e-14, 0.01, 1000, 1.2),
        (0.01, 1e-12, 1e-4, 10**6, 600),
        (10.0, 1e-5, 1.0, 10, 2.0),
    ],
)
def test_noise_is_found_for_all_budgets(epsilon, delta, rate, steps, most):
    noise = noise_multiplier_for(epsilon, delta, rate, steps)
    assert noise < most
    cost = sampled_gaussian(noise, rate, steps, delta).epsilon
    assert 0.99 * epsilon < cost <= epsilon


@pytest.mark.parametrize("noise", [5.13, 2.12, 1.15])
def test_a_group_of_nearly_all_steps_has_a_cost(noise):
    """31 images of a patient: a step of 1,024 of 4,708 uses one of them or more."""
    found = group(31, noise, 1024 / 4708, 40, 2.1e-5)
    assert group(8, noise, 1024 / 4708, 40, 2.1e-5).epsilon < found.epsilon < math.inf


@pytest.mark.parametrize("noise", [0.1, 1.0, 10.0])
def test_sampling_nearly_all_costs_no_less(noise):
    below = sampled_gaussian(noise, 0.99, 40, 1e-5).epsilon
    above = sampled_gaussian(noise, 0.9901, 40, 1e-5).epsilon
    assert below <= above < 1.02 * below


def test_does_not_import_tensorflow():
    from test_package import run_python

    loaded = run_python(
        "import sys; from tfrwc.privacy.accounting.sgd import sampled_gaussian; "
        "sampled_gaussian(1.0, 0.1, 10, 1e-5); "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    assert loaded == "set()"

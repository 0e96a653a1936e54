"""The account of DP-SGD against other accountants, and audits of trained models."""

import math

import numpy as np
import pytest
from scipy import stats

from tfrwc.privacy.accounting.sgd import group, noise_multiplier_for, sampled_gaussian

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


def test_a_group_costs_more_than_one_and_no_more_than_either_bound():
    one = sampled_gaussian(2.0, 0.05, 100, 1e-5)
    two = group(2, 2.0, 0.05, 100, 1e-5)
    # (ε, δ) of one is (2 ε, (1 + e^ε) δ) of two.
    smaller = 1e-5 / (1 + math.exp(two.epsilon / 2))
    half = sampled_gaussian(2.0, 0.05, 100, smaller).epsilon
    assert one.epsilon < two.epsilon
    assert two.epsilon / 2 == pytest.approx(half, rel=1e-3)
    assert group(1, 2.0, 0.05, 100, 1e-5) == one
    # A large group: all of it, in every step.
    many = group(50, 20.0, 0.5, 10, 1e-5).epsilon
    assert many == pytest.approx(sampled_gaussian(0.4, 1, 10, 1e-5).epsilon, rel=1e-3)


@pytest.mark.parametrize("size", [2, 3, 6])
def test_a_group_costs_at_least_what_it_does(size):
    # Of a group, a step uses a binomial number. This estimate of delta, by that
    # mixture, is what the bound has to cover.
    noise, rate, steps = 3.0, 0.05, 50
    bound = group(size, noise, rate, steps, 1e-5).epsilon
    chances = stats.binom.pmf(np.arange(size + 1), size, rate)
    assert deltas(noise, chances, steps, bound) <= 1e-5
    assert deltas(noise, chances, steps, bound / 4) > 1e-5


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

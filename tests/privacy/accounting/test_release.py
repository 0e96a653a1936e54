"""Epsilons against calculations that share no code with dp-release."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from tfrwc.privacy.accounting import release

DELTAS = (1e-3, 1e-5)


def epsilon_of(losses, probabilities, delta):
    """Smallest epsilon with E[(1 - exp(epsilon - loss))+] <= delta."""

    def excess(epsilon):
        over = losses > epsilon
        gain = -np.expm1(epsilon - losses[over])
        return probabilities[over] @ gain - delta

    return brentq(excess, losses.min() - 1, losses.max())


def sum_of(losses, probabilities, count, spread):
    """Distribution of the sum of losses on a grid, by Fourier transform.

    Losses are split between neighbouring grid points so that the mean is kept; the
    sum wraps around a window of 12 standard deviations to each side of its mean.
    """
    mean = losses @ probabilities
    sd = math.sqrt((losses - mean) ** 2 @ probabilities * count)
    step = min(spread / 400, sd / 2000)
    size = 2 ** math.ceil(math.log2(24 * sd / step))
    position = losses / step
    low = np.floor(position).astype(int)
    part = position - low
    one = np.zeros(size)
    np.add.at(one, low % size, probabilities * (1 - part))
    np.add.at(one, (low + 1) % size, probabilities * part)
    total = np.fft.irfft(np.fft.rfft(one) ** count, size).clip(0)
    first = round(mean * count / step) - size // 2
    grid = np.arange(first, first + size)
    return grid * step, total[grid % size]


def laplace_losses(epsilon, points=20_001):
    """Losses of Laplace noise at distance epsilon (in scales), and probabilities."""
    edges = np.linspace(0, epsilon, points)
    middle = (edges[1:] + edges[:-1]) / 2
    weights = -np.diff(np.exp(-edges)) / 2
    losses = np.concatenate([[epsilon], epsilon - 2 * middle, [-epsilon]])
    return losses, np.concatenate([[0.5], weights, [math.exp(-epsilon) / 2]])


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize(
    ("epsilon", "count"),
    [
        (1, 1),
        (1, 64),
        (0.01, 784),
        (0.1, 4096),
        (0.6, 4096),
        (25.5, 4096),
        (0.02, 50176),
        (5, 50176),
    ],
)
def test_many_laplace_values(epsilon, count, delta):
    """To 1 %, and never below by more than the oracle's own error of 0.1 %."""
    losses, p = laplace_losses(epsilon)
    if count > 1:
        losses, p = sum_of(losses, p, count, spread=epsilon)
    expected = epsilon_of(losses, p, delta)
    got, method = release.laplace([(epsilon, count)], delta)
    assert method == ("PLD" if count > 1 else "exact")
    assert 0.999 < got / expected < 1.01


def discrete_laplace_losses(epsilon, steps):
    """Losses of whole numbers 0 against `steps`, with discrete Laplace noise."""
    fall = math.exp(-epsilon / steps)
    between = fall ** np.arange(1, steps) * (1 - fall)
    p = np.array([1.0, *between, math.exp(-epsilon)]) / (1 + fall)
    return epsilon * (1 - 2 * np.arange(steps + 1) / steps), p


@pytest.mark.parametrize("delta", [0.3, 1e-3, 1e-7])
@pytest.mark.parametrize("steps", [1, 2, 7, 255])
@pytest.mark.parametrize("epsilon", [0.01, 1.0, 12.0])
def test_one_discrete_laplace_value_costs_what_its_losses_say(epsilon, steps, delta):
    losses, p = discrete_laplace_losses(epsilon, steps)
    got = release.laplace([(epsilon, 1, steps)], delta).epsilon
    assert got >= release.laplace([(epsilon, 1)], delta).epsilon - 1e-15
    if got > 0:
        over = p @ np.maximum(0, -np.expm1(got - losses))
        assert over == pytest.approx(delta, rel=1e-6)
    else:
        assert p @ np.maximum(0, -np.expm1(-losses)) <= delta


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize(
    ("epsilon", "steps", "count"),
    [(1.0, 1, 64), (0.1, 2, 4096), (12.0, 255, 64), (0.5, 16, 784)],
)
def test_many_discrete_laplace_values(epsilon, steps, count, delta):
    """As of real numbers, but where steps are few, they cost more."""
    losses, p = discrete_laplace_losses(epsilon, steps)
    losses, p = sum_of(losses, p, count, spread=epsilon)
    expected = epsilon_of(losses, p, delta)
    got, method = release.laplace([(epsilon, count, steps)], delta)
    assert method == "PLD"
    assert 0.999 < got / expected < 1.01
    if steps == 1:
        assert got > 1.02 * release.laplace([(epsilon, count)], delta).epsilon


@pytest.mark.parametrize("epsilon", [1e-9, 1e-6, 1e-4, 9e-4, 1.1e-3])
def test_tiny_epsilons_do_not_vanish(epsilon):
    """To the limit of normal noise; the very small ones to what all cost together."""
    count, delta = 4096, 1e-12
    true = release.gaussian(epsilon * math.sqrt(count), 1.0, delta).epsilon
    for cost in (
        release.laplace([(epsilon, count)], delta),
        release.laplace([(epsilon, count, 255)], delta),
        release.randomized_response(epsilon, 2, count, delta),
    ):
        assert 0.999 * true < cost.epsilon <= epsilon * count
        assert cost.epsilon < 1.1 * true or epsilon < 1e-4


@pytest.mark.parametrize("steps", [1, 7, 300])
def test_renyi_divergences_of_discrete_laplace_noise(steps):
    losses, p = discrete_laplace_losses(2.0, steps)
    moments = release._laplace_moment(2.0, steps)
    for i in (0, 100, 200, 300):
        direct = np.log(p @ np.exp((release._ORDERS[i] - 1) * losses))
        assert moments[i] == pytest.approx(direct, rel=1e-9)


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize(
    ("epsilon", "levels", "count"), [(1.0, 2, 100), (0.1, 8, 4096), (3.0, 4, 784)]
)
def test_many_randomized_responses(epsilon, levels, count, delta):
    total = math.exp(epsilon) + levels - 1
    losses = np.array([epsilon, 0.0, -epsilon])
    p = np.array([math.exp(epsilon), levels - 2, 1]) / total
    # On a grid of whole epsilons the sum is exact.
    one = np.zeros(2 * count + 1)
    one[[1, 0, -1]] = p
    sums = np.fft.irfft(np.fft.rfft(one) ** count, len(one)).clip(0)
    grid = np.fft.fftfreq(len(one), 1 / len(one)).round() * epsilon
    assert losses @ p * count == pytest.approx(grid @ sums, rel=1e-6)
    expected = epsilon_of(grid, sums, delta)
    got, _ = release.randomized_response(epsilon, levels, count, delta)
    assert 0.999 < got / expected < 1.01


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("ratio", [0.01, 0.1, 1.0, 10.0, 100.0, 3000.0])
def test_gaussian(ratio, delta):
    """Balle and Wang's formula, by logarithms of the normal distribution."""

    def excess(eps):
        lost = eps + norm.logcdf(-ratio / 2 - eps / ratio)
        return norm.cdf(ratio / 2 - eps / ratio) - math.exp(lost) - delta

    expected = brentq(excess, 0, ratio**2 + 10 * ratio) if excess(0) > 0 else 0.0
    assert release.gaussian(ratio, 1.0, delta).epsilon == pytest.approx(
        expected, rel=1e-6, abs=1e-9
    )


def test_epsilon_is_never_above_the_pure_one():
    assert release.laplace([(1e-3, 1)], 1e-12).epsilon <= 1e-3
    assert release.randomized_response(1e-3, 2, 1, 1e-12).epsilon <= 1e-3


def test_unequal_values():
    both = release.laplace([(0.1, 300), (0.2, 100)], 1e-5).epsilon
    assert release.laplace([(0.1, 400)], 1e-5).epsilon < both
    assert both < release.laplace([(0.2, 400)], 1e-5).epsilon
    split = release.laplace([(0.1, 300), (0.1, 100)], 1e-5).epsilon
    assert split == pytest.approx(release.laplace([(0.1, 400)], 1e-5).epsilon, rel=1e-4)


def test_beyond_the_limit_renyi_takes_over(monkeypatch):
    exact = release.laplace([(0.01, 50_000)], 1e-5)
    monkeypatch.setattr(release, "PLD_LIMIT", 1000)
    bound = release.laplace([(0.01, 50_000)], 1e-5)
    assert (exact.method, bound.method) == ("PLD", "RDP")
    assert 1 < bound.epsilon / exact.epsilon < 1.1


@pytest.mark.parametrize("epsilon", [1e-3, 0.05])
def test_a_tiny_delta_is_beyond_transforms_in_double_precision(epsilon):
    """Against the Gaussian limit of the sum, which lies within 0.1 % of the truth."""
    count, delta = 50_176, 1e-12
    expected = release.gaussian(epsilon * math.sqrt(count), 1.0, delta).epsilon
    got = release.laplace([(epsilon, count)], delta)
    assert got.method == "RDP"
    assert 0.999 < got.epsilon / expected < 1.08
    response = release.randomized_response(epsilon, 2, count, delta)
    assert response.method == "RDP"
    ratio = 2 * math.tanh(epsilon / 2) * math.sqrt(count)
    expected = release.gaussian(ratio, 1.0, delta).epsilon
    assert 0.98 < response.epsilon / expected < 1.1


def test_odd_parameters_are_quick_and_finite():
    for epsilon, count in ((1e-9, 4096), (25_500.0, 64), (200.0, 1), (99.0, 784)):
        for delta in (1e-12, 1e-5, 0.9):
            got = release.laplace([(epsilon, count)], delta).epsilon
            assert 0 <= got <= epsilon * count
            got = release.randomized_response(epsilon, 4, count, delta).epsilon
            assert 0 <= got <= epsilon * count
    for ratio in (1e-9, 1e9):
        assert release.gaussian(ratio, 1.0, 1e-5).epsilon >= 0


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 20.0])
def test_the_smallest_noise_just_keeps_the_budget(epsilon):
    def cost(scale):
        return release.laplace([(255 / scale, 784)], 1e-5).epsilon

    scale = release.smallest_noise(cost, epsilon, 255 * 784 / epsilon)
    assert cost(scale) <= epsilon < cost(scale * 0.999)

"""The account of DP-SGD over all that people train with, against other calculations.

A point is noise, rate, steps and delta. Its epsilon is a bound (delta at epsilon is at
most the delta) and tight (delta at 0.999 epsilon is more). Delta is exact for one step
(Balle and Wang, ICML 2018), an integral over the first of two, a contour integral where
that converges, and else lies between the pessimistic and the optimistic estimate of
dp-accounting.
"""

import math
import time

import numpy as np
import pytest
from privacy.accounting.contour import Steps
from scipy.special import ndtr
from scipy.stats import norm

from tfrwc.privacy.accounting.sgd import sampled_gaussian

TIGHT = 0.999


def delta_of_one_step(noise, rate, epsilon):
    """With against without: above the number whose loss is epsilon."""
    rest = np.expm1(epsilon) + rate
    with np.errstate(invalid="ignore", divide="ignore"):
        x = noise**2 * np.log(rest / rate) + 0.5
    x = np.where(rest > 0, x, -np.inf) / noise
    with_it = rate * ndtr(1 / noise - x) + (1 - rate) * ndtr(-x)
    return with_it - np.exp(epsilon + norm.logcdf(-x))


def delta_of_two_steps(noise, rate, epsilon):
    """The mean over the first step of what the second leaves."""
    x = np.linspace(-40, 40 + 1 / noise, 400_001)
    loss = np.logaddexp(np.log1p(-rate), np.log(rate) + x / noise - 0.5 / noise**2)
    density = np.exp(loss - x**2 / 2) / math.sqrt(2 * math.pi)
    rest = delta_of_one_step(noise, rate, epsilon - loss)
    return (density @ rest) * (x[1] - x[0])


def dp_accounting_deltas(noise, rate, steps, epsilon, interval):
    """Optimistic and pessimistic, of a grid of this interval."""
    from dp_accounting.pld import privacy_loss_distribution as pld

    for pessimistic in (False, True):
        loss = pld.from_gaussian_mechanism(
            noise,
            sampling_prob=rate,
            value_discretization_interval=interval,
            pessimistic_estimate=pessimistic,
        ).self_compose(steps)
        yield loss.get_delta_for_epsilon(epsilon)


def log_deltas(noise, rate, steps, epsilons):
    """By exact ways: of with against without, and of the reverse; nan if there is none.

    For one or two steps only the former, which is then the greater.
    """
    if steps <= 2:
        delta = delta_of_one_step if steps == 1 else delta_of_two_steps
        for epsilon in epsilons:
            yield math.log(max(delta(noise, rate, epsilon), 1e-300))
        return
    forward, reverse = (Steps(noise, rate, steps, remove=r) for r in (True, False))
    for epsilon in epsilons:
        value = forward.log_delta(epsilon)
        if epsilon == epsilons[-1]:
            other = reverse.log_delta(epsilon)
            value = value if math.isnan(other) else max(value, other)
        yield value


def judged(noise, rate, steps, delta):
    """By what a point was checked; "nothing" where no method knows delta."""
    epsilon = sampled_gaussian(noise, rate, steps, delta).epsilon
    lower, upper = TIGHT * epsilon, epsilon
    how = ("one step", "two steps", "contour")[min(steps, 3) - 1]
    logs = list(log_deltas(noise, rate, steps, (lower, upper)))
    if np.isnan(logs).any():
        if delta < 1e-8:
            return "nothing"
        how = "dp-accounting"
        interval = max(1e-4, min(1e-3, 1e-3 * epsilon / math.sqrt(steps)))
        logs = [
            math.log(max(both, 1e-300))
            for both in (
                max(dp_accounting_deltas(noise, rate, steps, lower, interval)),
                min(dp_accounting_deltas(noise, rate, steps, upper, interval)),
            )
        ]
    assert logs[1] <= math.log(delta) + 1e-5
    # Differences of probabilities know a delta to some 1e-16.
    if epsilon > 1e-9 and (steps > 2 or delta > 1e-13):
        assert logs[0] > math.log(delta)
    return how


def random_points(seed, count):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        noise = float(np.exp(rng.uniform(math.log(0.3), math.log(100))))
        rate = float(10 ** rng.uniform(-5, 0))
        steps = round(10 ** rng.uniform(0, 6))
        yield noise, rate, steps, float(10 ** rng.uniform(-15, -3))


CORNERS = [
    (1.0, 1e-4, 100_000, 1e-7),
    (1.0, 0.01, 1000, 1e-15),
    (0.3, 0.5, 1000, 1e-15),
    (100.0, 1e-5, 1_000_000, 1e-15),
    (0.3, 1e-5, 1, 1e-7),
    (3.0, 0.999, 10, 1e-9),
    (0.5, 1e-5, 2, 1e-6),
    (1.0, 0.3, 2, 1e-10),
    (20.0, 0.01, 2, 1e-4),
]


@pytest.mark.parametrize("point", CORNERS)
def test_corners(point):
    assert judged(*point) != "nothing"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_random_points():
    ways = []
    for point in random_points(0, 200):
        start = time.process_time()
        sampled_gaussian(*point)
        assert time.process_time() - start < 10
        ways.append(judged(*point))
    assert ways.count("nothing") <= 25
    assert ways.count("contour") >= 120

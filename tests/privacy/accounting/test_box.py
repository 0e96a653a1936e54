"""The account of DP-SGD over all that people train with, against other calculations.

A point is noise, rate, steps and delta. Its epsilon is a bound (delta at epsilon is at
most the delta) and tight (delta at 0.993 epsilon is more). Delta is exact for one step
(Balle and Wang, ICML 2018), a contour integral where that converges, and else lies
between the pessimistic and the optimistic estimate of dp-accounting.
"""

import math

import numpy as np
import pytest
from privacy.accounting.contour import Steps
from scipy.special import ndtr
from scipy.stats import norm

from tfrwc.privacy.accounting.sgd import sampled_gaussian

TIGHT = 0.993


def log_delta_of_one_step(noise, rate, epsilon):
    """With against without: above the number whose loss is epsilon."""
    rest = math.expm1(epsilon) + rate
    x = noise * math.log(rest / rate) + 0.5 / noise
    with_it = rate * ndtr(1 / noise - x) + (1 - rate) * ndtr(-x)
    return math.log(max(with_it - math.exp(epsilon + norm.logcdf(-x)), 1e-300))


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


def judged(noise, rate, steps, delta):
    """By what a point was checked; "nothing" where no method knows delta."""
    epsilon = sampled_gaussian(noise, rate, steps, delta).epsilon
    if epsilon == 0:
        lower = upper = 0.0
    else:
        lower, upper = TIGHT * epsilon, epsilon
    if steps == 1:
        how = "one step"
        log_deltas = [log_delta_of_one_step(noise, rate, e) for e in (lower, upper)]
    else:
        how = "contour"
        exact = Steps(noise, rate, steps)
        log_deltas = [exact.log_delta(e) for e in (lower, upper)]
    if not np.isfinite(log_deltas).all():
        if delta < 1e-8:
            return "nothing"
        how = "dp-accounting"
        interval = max(1e-5, min(1e-3, 1e-3 * epsilon / math.sqrt(steps)))
        log_deltas = [
            math.log(max(both, 1e-300))
            for both in (
                max(dp_accounting_deltas(noise, rate, steps, lower, interval)),
                min(dp_accounting_deltas(noise, rate, steps, upper, interval)),
            )
        ]
    assert log_deltas[1] <= math.log(delta) + 1e-5
    if epsilon > 1e-9:
        assert log_deltas[0] > math.log(delta)
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
]


@pytest.mark.parametrize("point", CORNERS)
def test_corners(point):
    assert judged(*point) != "nothing"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_random_points():
    ways = [judged(*point) for point in random_points(0, 200)]
    assert ways.count("nothing") <= 10
    assert ways.count("contour") >= 120

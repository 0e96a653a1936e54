"""What training by noisy clipped gradients costs, by dp-accounting.

>>> from tfrwc.privacy.accounting import sgd
>>> cost = sgd.sampled_gaussian(1.0, rate=0.01, steps=1000, delta=1e-5)
>>> round(cost.epsilon, 1)
1.8

A step draws a Poisson sample of the examples, clips the gradient of each, and adds
Gaussian noise to their sum (Abadi et al., arXiv:1607.00133). Two data sets are
neighbours if one has one example more. Privacy loss distributions with
connect-the-dots rounding give upper bounds, tight to about 1e-3.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from tfrwc.compat.extras import extra
from tfrwc.privacy.accounting.release import (
    SMALLEST_PLD_DELTA,
    Cost,
    gaussian,
    smallest_noise,
)

_NEARLY_ALL = 0.99


class Stage(NamedTuple):
    """Steps of one noise and one sampling rate.

    Attributes:
        noise_multiplier: standard deviation of the noise over the clipping norm.
        rate: probability that a step uses an example.
        steps: number of steps.
    """

    noise_multiplier: float
    rate: float
    steps: int


def composed(stages: Sequence[Stage], delta: float) -> Cost:
    """Cost of several stages together for one example.

    Args:
        stages: in any order.
        delta: of the guarantee.
    """
    stages = [stage for stage in stages if stage.steps > 0 and stage.rate > 0]
    if not stages:
        return Cost(0.0, "nothing was released")
    if any(stage.noise_multiplier == 0 for stage in stages):
        return Cost(math.inf, "no noise")
    # Sampling nearly all hides next to nothing: without it epsilon is exact, and larger
    # by some 1 %. Loss distributions of such steps can fail numerically.
    if all(stage.rate > _NEARLY_ALL for stage in stages):
        shift = math.sqrt(sum(s.steps / s.noise_multiplier**2 for s in stages))
        return gaussian(shift, 1.0, delta)
    with extra("privacy"):
        import dp_accounting
        from dp_accounting import pld

    # Losses of one step are within about 10 deviations of its noise; their grid costs
    # time and memory in proportion.
    noise = min(stage.noise_multiplier for stage in stages)
    interval = min(max(1e-3 / noise, 1e-5), 1e-2)
    accountant = pld.PLDAccountant(value_discretization_interval=interval)
    for stage in stages:
        event = dp_accounting.GaussianDpEvent(stage.noise_multiplier)
        if stage.rate <= _NEARLY_ALL:
            event = dp_accounting.PoissonSampledDpEvent(stage.rate, event)
        accountant.compose(event, stage.steps)
    return Cost(float(accountant.get_epsilon(delta)), "PLD")


def sampled_gaussian(
    noise_multiplier: float, rate: float, steps: int, delta: float
) -> Cost:
    """Cost of a number of steps for one example: of a single `Stage`.

    Args:
        noise_multiplier, rate, steps: as of `Stage`.
        delta: of the guarantee.
    """
    return composed([Stage(noise_multiplier, rate, steps)], delta)


def noise_multiplier_for(
    epsilon: float, delta: float, rate: float, steps: int
) -> float:
    """The smallest noise multiplier that keeps `sampled_gaussian` within a budget.

    Args:
        epsilon, delta: the budget.
        rate, steps: as of `sampled_gaussian`.
    """

    def cost(noise: float) -> float:
        return sampled_gaussian(noise, rate, steps, delta).epsilon

    enough = 1.0
    while cost(enough) > epsilon:
        enough *= 2
    return smallest_noise(cost, epsilon, enough)


def group(
    size: int, noise_multiplier: float, rate: float, steps: int, delta: float
) -> Cost:
    """Cost for all examples of a group together, such as the images of a patient.

    The smaller of two bounds. One is group privacy: ε for one example at
    δ (e^ε - 1) / (e^(size ε) - 1) gives size ε at δ. The other takes the worst case of
    a step, that it uses all of the group or none.

    Args:
        size: number of examples in the group.
        noise_multiplier, rate, steps, delta: as of `sampled_gaussian`.
    """
    one = sampled_gaussian(noise_multiplier, rate, steps, delta)
    if size == 1 or one.epsilon in (0.0, math.inf):
        return one
    any_of_it = -math.expm1(size * math.log1p(-rate)) if rate < 1 else 1.0
    worst = sampled_gaussian(noise_multiplier / size, any_of_it, steps, delta)
    epsilon = one.epsilon
    if size * epsilon > 600:  # beyond the range of exp, and of any meaning
        return worst
    for _ in range(20):  # upwards to a fixed point
        share = math.log(math.expm1(epsilon)) - size * epsilon
        share -= math.log(-math.expm1(-size * epsilon))
        smaller = delta * math.exp(max(share, -700))
        if smaller < SMALLEST_PLD_DELTA * 1e-2:
            return worst
        larger = sampled_gaussian(noise_multiplier, rate, steps, smaller).epsilon
        if larger <= epsilon:
            break
        epsilon = larger * (1 + 1e-4)
    else:
        return worst
    return min(worst, Cost(size * epsilon, "group privacy of PLD"))

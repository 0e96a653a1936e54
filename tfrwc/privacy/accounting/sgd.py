"""What training by noisy clipped gradients costs.

>>> from tfrwc.privacy.accounting import sgd
>>> cost = sgd.sampled_gaussian(1.0, rate=0.01, steps=1000, delta=1e-5)
>>> f"{cost.epsilon:.2f} by {cost.method}"
'1.83 by PLD'

A step draws a Poisson sample of the examples, clips the gradient of each, and adds
Gaussian noise to their sum (Abadi et al., arXiv:1607.00133). Two data sets are
neighbours if one has one example more, or all examples of a group. The bounds are by
privacy loss distributions (`losses`), and at most 0.1 % above the smallest there are;
where Rényi divergences give a smaller one, it is that.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from scipy import special
from scipy.optimize import brentq

from tfrwc.privacy.accounting.gaussian_step import GaussianStep, losses_of
from tfrwc.privacy.accounting.losses import LossSum
from tfrwc.privacy.accounting.release import Cost, smallest_noise

_TAILS = 1e-5  # the share of delta that may be cut off
_BARE = 1e100  # shift beyond which there is no noise to speak of
_STEEPEST = 1e4  # shift of a step, in deviations of its noise, beyond which it is bare


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


def composed(stages: Sequence[Stage], delta: float, size: int = 1) -> Cost:
    """Cost of several stages together.

    Args:
        stages: in any order.
        delta: of the guarantee.
        size: number of examples that come and go together, such as the images of a
            patient.
    """
    stages = [stage for stage in stages if stage.steps > 0 and stage.rate > 0]
    if not stages:
        return Cost(0.0, "nothing was released")
    if any(stage.noise_multiplier == 0 for stage in stages):
        return Cost(math.inf, "no noise")
    return _composed(tuple(sorted(stages)), delta, size)


@lru_cache(maxsize=1024)
def _composed(stages: tuple[Stage, ...], delta: float, size: int) -> Cost:
    shift = shift_without_sampling(stages, size)
    if shift is not None:
        return Cost(_epsilon_of_shift(shift, delta), "analytic Gaussian")
    steps = gaussian_steps(stages, size, delta * _TAILS)
    tail = delta * _TAILS / sum(count for _, count in steps)
    losses = [(losses_of(step, tail), count) for step, count in steps]
    cost = Cost(0.0, "PLD")
    for direction in (0, 1):  # who has it against who has not, and the reverse
        total = LossSum([(both[direction], count) for both, count in losses])
        cost = max(cost, Cost(*total.epsilon(delta, at_least=cost.epsilon)))
    return cost


def shift_without_sampling(stages: Sequence[Stage], size: int) -> float | None:
    """How far all steps together shift normal noise of deviation 1.

    Args:
        stages: of noise, with steps.
        size: number of examples that come and go together.

    Returns:
        None where sampling hides something. Where there is too little noise for that,
        the shift if all stages used every example, which tells more.
    """
    shifts = [math.sqrt(steps) * size / noise for noise, _, steps in stages]
    bare = [shift for shift, stage in zip(shifts, stages, strict=True) if stage[1] >= 1]
    steepest = max(size / noise for noise, _, _ in stages)
    if len(bare) == len(stages) or max(steepest, math.hypot(*bare)) > _STEEPEST:
        return math.hypot(*shifts)
    return None


def gaussian_steps(
    stages: Sequence[Stage], size: int, missed: float
) -> list[tuple[GaussianStep, int]]:
    """Steps of a mechanism that stages are at most as telling as, with their numbers.

    Stages that use every example are one step together: normal noise adds up.

    Args:
        stages: of noise, with steps.
        size: number of examples that come and go together.
        missed: probability that may be left out, in all steps together.
    """
    sampled = [stage for stage in stages if stage.rate < 1]
    bare = [stage for stage in stages if stage.rate >= 1]
    missed /= sum(stage.steps for stage in stages)
    steps = [
        (GaussianStep.of_group(size, noise, rate, missed), count)
        for noise, rate, count in sampled
    ]
    if bare and (shift := shift_without_sampling(bare, size)):
        steps.append((GaussianStep.of_group(1, 1 / shift, 1.0), 1))
    return steps


def _epsilon_of_shift(shift: float, delta: float) -> float:
    """Epsilon of normal noise (Balle and Wang, ICML 2018, theorem 8).

    The loss is normal with mean shift² / 2 and deviation shift: epsilon is written as
    that mean and z deviations, so that no large numbers cancel.
    """

    def excess(z: float) -> float:
        other = math.exp(-(z**2) / 2) * special.erfcx((shift + z) / math.sqrt(2)) / 2
        return float(special.ndtr(-z) - other) - delta

    if shift > _BARE:
        return math.inf
    low, high = -shift / 2, 10 + math.sqrt(2 * math.log(1 / delta))
    if excess(low) <= 0:
        return 0.0
    z = float(brentq(excess, low, high, xtol=1e-13, rtol=1e-13))
    return shift * (shift / 2 + z)


def sampled_gaussian(
    noise_multiplier: float, rate: float, steps: int, delta: float
) -> Cost:
    """Cost of a number of steps for one example: of a single `Stage`.

    Args:
        noise_multiplier: as of `Stage`.
        rate: as of `Stage`.
        steps: as of `Stage`.
        delta: of the guarantee.
    """
    return composed([Stage(noise_multiplier, rate, steps)], delta)


def noise_multiplier_for(
    epsilon: float, delta: float, rate: float, steps: int
) -> float:
    """The smallest noise multiplier that keeps `sampled_gaussian` within a budget.

    Args:
        epsilon: of the budget.
        delta: of the budget.
        rate: as of `Stage`.
        steps: as of `Stage`.
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

    Each is drawn for itself, so that a step uses a binomial number of them.

    Args:
        size: number of examples in the group.
        noise_multiplier: as of `Stage`.
        rate: as of `Stage`.
        steps: as of `Stage`.
        delta: of the guarantee.
    """
    return composed([Stage(noise_multiplier, rate, steps)], delta, size)

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
from collections.abc import Iterable
from functools import lru_cache

from scipy import special
from scipy.optimize import brentq

from tfrwc.privacy.accounting.release import BASIC, Cost, smallest_noise
from tfrwc.privacy.accounting.stages import (
    STEEPEST,
    Together,
    loss_sums,
    shift_without_sampling,
    together,
)
from tfrwc.privacy.accounting.stages import Stage as Stage

_TAILS = 1e-7  # the share of delta that may be cut off
_BARE = 1e100  # shift beyond which there is no noise to speak of


def composed(
    stages: Iterable[Stage],
    delta: float,
    size: int = 1,
    known: Iterable[tuple[float, float]] = (),
    *,
    is_replaced: bool = False,
    finely: bool = False,
) -> Cost:
    """Cost of several stages together.

    Args:
        stages: in any order.
        delta: of the guarantee.
        size: number of examples that come and go together, such as the images of a
            patient.
        known: (epsilon, delta) of what else is done with these examples together.
        is_replaced: whether they are replaced by others, and do not come and go.
        finely: whether to take a second, so that the bound is no more than about 1e-7
            of epsilon above the smallest.
    """
    what = together(stages, size, known, is_replaced)
    if not what.stages and not what.known:
        return Cost(0.0, "nothing was released")
    if what.is_bare:
        return Cost(math.inf, "no noise")
    return _composed(what, delta, finely)


@lru_cache(maxsize=1024)
def _composed(what: Together, delta: float, finely: bool) -> Cost:
    shift = shift_without_sampling(what)
    if shift is not None and not what.known:
        return Cost(_epsilon_of_shift(shift, delta), "analytic Gaussian")
    epsilon = math.fsum(epsilon for epsilon, _ in what.known)
    if shift is not None and (shift > STEEPEST or shift == epsilon == 0):
        # No losses to speak of, or far too great ones.
        rest = delta - math.fsum(part for _, part in what.known)
        epsilon += _epsilon_of_shift(shift, rest) if rest > 0 else math.inf
        return Cost(epsilon, BASIC)
    cost = Cost(0.0, "PLD")
    for total in loss_sums(what, delta * _TAILS):
        found = total.epsilon(delta, at_least=cost.epsilon, finely=finely)
        cost = max(cost, Cost(*found))
    return cost


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

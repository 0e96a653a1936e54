"""What many noisy values cost together, by dp-accounting.

>>> cost = laplace([(0.1, 4096)], delta=1e-5)
>>> f"{cost.epsilon:.1f} by {cost.method}"
'45.8 by PLD'

All functions are for two images that differ as much as can be in every one of
their values. Privacy loss distributions (PLD) with connect-the-dots rounding give
upper bounds that are tight to about 1e-4. They are transformed in double precision,
which leaves errors of about 1e-11 in delta; for a delta below `SMALLEST_PLD_DELTA`, or
more than `PLD_LIMIT` values, Rényi divergences (RDP) bound epsilon instead, a few
percent higher.
"""

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from tfrwc.compat.extras import extra

PLD_LIMIT = 2_000_000
SMALLEST_PLD_DELTA = 1e-8
PURE = "pure composition"
BASIC = "basic composition"
_TRANSFORM_ERROR = 1e-11


class Cost(NamedTuple):
    """Epsilon, and the name of the method that bounds it."""

    epsilon: float
    method: str


def laplace(
    parts: Iterable[tuple[float, int] | tuple[float, int, int]], delta: float
) -> Cost:
    """Cost of Laplace mechanisms together.

    Args:
        parts: tuples (epsilon of one value, number of such values), of real numbers; or
            (epsilon, number, steps), of whole numbers 0 to `steps` with discrete
            Laplace noise, which costs a little more.
        delta: of the guarantee.
    """
    all_parts = [(*part, 0)[:3] for part in parts if part[1]]
    values = sum(count for _, count, _ in all_parts)
    pure = sum(epsilon * count for epsilon, count, _ in all_parts)
    if values == 1:
        return Cost(max(0.0, _of_one_laplace(pure, all_parts[0][2], delta)), "exact")
    if min(e for e, _, _ in all_parts) > 100:
        # The mean loss of a value is its epsilon less 1: delta saves under 1 %, of
        # what is no protection anyway.
        return Cost(pure, PURE)
    if values > PLD_LIMIT or delta < SMALLEST_PLD_DELTA:
        moments = [(_laplace_moment(e, steps), n) for e, n, steps in all_parts]
        return _rdp(moments, delta, pure)
    with extra("privacy"):
        from dp_accounting.pld import privacy_loss_distribution as pld

    # Steps that are fine beside the spread of the sum and beside a single loss, of
    # which many average out, but no more than 1e5 of them to a loss.
    spread = math.sqrt(sum(count * min(e, 1.7) ** 2 for e, count, _ in all_parts))
    smallest, greatest = (f(e for e, _, _ in all_parts) for f in (min, max))
    step = min(spread / 1e4, smallest / (50 if values < 1e5 else 10))
    step = max(step, greatest / 1e5)
    total = None
    for epsilon, count, steps in all_parts:
        if steps:
            one = pld.from_discrete_laplace_mechanism(
                epsilon / steps,
                steps,
                value_discretization_interval=step,
                use_connect_dots=True,
            )
        else:
            one = pld.from_laplace_mechanism(
                1 / epsilon, value_discretization_interval=step
            )
        many = one.self_compose(count)
        total = many if total is None else total.compose(many)
    return _from_pld(total, step, delta, pure)


def randomized_response(epsilon: float, levels: int, count: int, delta: float) -> Cost:
    """Cost of randomized responses together.

    Args:
        epsilon: pure epsilon of one response.
        levels: among which a response chooses.
        count: number of responses.
        delta: of the guarantee.
    """
    with extra("privacy"):
        from dp_accounting.pld import privacy_loss_distribution as pld

    pure = epsilon * count
    keep = 1 / (1 + (levels - 1) * math.exp(-epsilon))
    change = keep * math.exp(-epsilon)  # to one of the other levels
    # Probabilities of the losses epsilon, 0 and -epsilon.
    losses = {1: keep, 0: (levels - 2) * change, -1: change}
    if delta < SMALLEST_PLD_DELTA:
        moment = _discrete_moment({k * epsilon: p for k, p in losses.items() if p})
        return _rdp([(moment, count)], delta, pure)
    # On a grid of epsilon nothing is rounded; the library's own constructor can round
    # up by a whole step.
    one = pld.PrivacyLossDistribution.create_from_rounded_probability(
        losses, infinity_mass=0.0, value_discretization_interval=epsilon
    )
    return _from_pld(one.self_compose(count), epsilon, delta, pure)


def gaussian(sensitivity: float, sigma: float, delta: float) -> Cost:
    """Cost of one Gaussian mechanism: exact (Balle and Wang, ICML 2018, theorem 8).

    Args:
        sensitivity: L2 distance that the noise is to hide.
        sigma: standard deviation of the noise, in the same units.
        delta: of the guarantee.
    """
    with extra("privacy"):
        from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

    ratio = sensitivity / sigma
    loss = GaussianPrivacyLoss(1.0, sensitivity=ratio)

    def excess(epsilon: float) -> float:
        return float(loss.get_delta_for_epsilon([epsilon])[0]) - delta

    if excess(0.0) <= 0:
        return Cost(0.0, "analytic Gaussian")
    # The loss is normal with mean r²/2 and standard deviation r.
    high = ratio**2 / 2 + ratio * (10 + math.sqrt(2 * math.log(1 / delta)))
    epsilon = brentq(excess, 0.0, high, xtol=1e-12 * high, rtol=1e-12)
    return Cost(float(epsilon), "analytic Gaussian")


def smallest_noise(
    cost: Callable[[float], float], epsilon: float, enough: float
) -> float:
    """The smallest noise that keeps a cost within a budget.

    Args:
        cost: epsilon as a function of the noise, which it falls with.
        epsilon: the budget.
        enough: a noise that is enough.

    Returns:
        A noise that is enough, at most 1e-4 of it above the smallest.
    """

    def excess(log_noise: float) -> float:
        return math.log(max(cost(math.exp(log_noise)), 1e-300) / epsilon)

    high = math.log(enough) + 1e-9  # which rounding can have taken away
    low = high - 2
    while excess(low) <= 0:
        low, high = low - 2, low
    # Costs fall like powers of the noise, so that logarithms are nearly linear.
    noise = math.exp(brentq(excess, low, high, xtol=2e-5))
    while cost(noise) > epsilon:
        noise *= 1 + 2e-5
    return noise


def _from_pld(loss: Any, step: float, delta: float, pure: float) -> Cost:
    """Cost of a composed loss whose grid has steps of `step`."""
    with extra("privacy"):
        from dp_accounting.pld import privacy_loss_distribution as pld

    delta -= _TRANSFORM_ERROR
    with np.errstate(over="ignore", divide="ignore"):
        epsilon = loss.get_epsilon_for_delta(delta)
    if epsilon > 700:
        # The solver overflows up to 745, and takes a quantile of the loss beyond. A
        # constant taken off the loss comes off epsilon too.
        steps = round((400 if math.isinf(epsilon) else epsilon - 300) / step)
        constant = pld.PrivacyLossDistribution.create_from_rounded_probability(
            {-steps: 1.0}, infinity_mass=0.0, value_discretization_interval=step
        )
        rest = loss.compose(constant).get_epsilon_for_delta(delta)
        epsilon = rest + steps * step
    return Cost(epsilon, "PLD") if epsilon < pure else Cost(pure, PURE)


_ORDERS = 1 + np.logspace(-4, 4, 401)


def _rdp(
    parts: Iterable[tuple[npt.NDArray[np.float64], int]], delta: float, pure: float
) -> Cost:
    """Cost from log-moments (order - 1) * divergence of losses, and their counts."""
    with extra("privacy"):
        from dp_accounting.rdp import rdp_privacy_accountant

    moments = sum((count * moment for moment, count in parts), 0.0 * _ORDERS)
    divergence = moments / (_ORDERS - 1)
    divergence = np.maximum(divergence, 0)  # rounding can leave less
    epsilon, _ = rdp_privacy_accountant.compute_epsilon(_ORDERS, divergence, delta)
    return Cost(float(epsilon), "RDP") if epsilon < pure else Cost(pure, PURE)


def _of_one_laplace(epsilon: float, steps: int, delta: float) -> float:
    """Epsilon, or a number below 0, of one value of Laplace noise."""
    # 1 - exp((x - epsilon) / 2) = delta, solved for x.
    real = epsilon + 2 * math.log1p(-delta)
    if not steps:
        return real
    # For whole numbers this holds where x is epsilon less an even number of steps.
    # Between two such, a change of e^x changes delta in proportion: where the event
    # that tells best is noise of at most k steps, 1 - delta is
    # (f^(k+1) + e^x f^(steps-k)) / (1 + f), with f = exp(-step).
    step = epsilon / steps
    fall = math.exp(-step)
    most = (epsilon - real) / 2 / step

    def solution(k: int) -> float:
        rest = (1 - delta) * (1 + fall) - math.exp(-(k + 1) * step)
        return math.log(rest) + (steps - k) * step if rest > 0 else -math.inf

    return max(real, *(solution(max(0, math.floor(most) + i)) for i in (-1, 0, 1)))


def _laplace_moment(epsilon: float, steps: int) -> npt.NDArray[np.float64]:
    a = _ORDERS
    if epsilon < 1e-3:
        # For any pure epsilon (Bun and Steinke, TCC 2016, proposition 3.3); here within
        # a thousandth, while the formulas below lose their digits.
        small: npt.NDArray[np.float64] = (a - 1) * np.minimum(
            epsilon, a * epsilon**2 / 2
        )
        return small
    if steps:
        # Noise below 0, above the distance, and between: sums of geometric series,
        # of which the one between falls by `between` with each step.
        step = epsilon / steps
        between = (2 * a - 1) * step
        inner = np.expm1(-step) / np.expm1(-between) * np.exp(-between)
        inner *= -np.expm1(-(2 * a - 1) * (epsilon - step))
        outside: npt.NDArray[np.float64] = np.logaddexp(
            (a - 1) * epsilon + np.log1p(inner), -a * epsilon
        )
        return outside - math.log1p(math.exp(-step))
    # Mironov (CSF 2017, proposition 6); the library's event stands for a looser bound.
    return np.logaddexp(
        np.log(a / (2 * a - 1)) + (a - 1) * epsilon,
        np.log((a - 1) / (2 * a - 1)) - a * epsilon,
    )


def _discrete_moment(losses: dict[float, float]) -> npt.NDArray[np.float64]:
    if max(losses) < 1e-3:
        # The mean is nearly 1, and what it is more has all the digits of its summands.
        more = [p * np.expm1((_ORDERS - 1) * loss) for loss, p in losses.items()]
        moment: npt.NDArray[np.float64] = np.log1p(np.sum(more, axis=0))
        return moment
    logarithms = [math.log(p) + (_ORDERS - 1) * loss for loss, p in losses.items()]
    moment = np.logaddexp.reduce(logarithms)
    return moment

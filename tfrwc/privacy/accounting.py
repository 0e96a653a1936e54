"""The (epsilon, delta) of many noisy values together, by dp-accounting.

All functions are for two images that differ as much as can be in every one of
their values. Privacy loss distributions (PLD) with connect-the-dots rounding give
upper bounds that are tight here to about 1e-4; beyond `PLD_LIMIT` values they take
too long, and Rényi divergences (RDP) bound epsilon instead, a few percent higher.
"""

import math
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

PLD_LIMIT = 500_000
PURE = "pure composition"


class EpsilonDelta(NamedTuple):
    """An approximate guarantee: epsilon, up to the probability delta."""

    epsilon: float
    delta: float


class Cost(NamedTuple):
    """Epsilon, and the name of the method that bounds it."""

    epsilon: float
    method: str


def laplace(parts, delta) -> Cost:
    """Cost of Laplace mechanisms together.

    Args:
        parts: pairs (epsilon of one value, number of such values).
        delta: of the guarantee.
    """
    parts = [(epsilon, count) for epsilon, count in parts if count]
    pure = sum(epsilon * count for epsilon, count in parts)
    if sum(count for _, count in parts) > PLD_LIMIT:
        return _laplace_rdp(parts, delta, pure)
    from dp_accounting.pld import privacy_loss_distribution as pld

    # Steps that are fine beside the spread of the sum and beside a single loss.
    spread = math.sqrt(sum(count * min(e, 1.7) ** 2 for e, count in parts))
    step = min(spread / 1e4, min(epsilon for epsilon, _ in parts) / 50)
    total = None
    for epsilon, count in parts:
        one = pld.from_laplace_mechanism(
            1 / epsilon, value_discretization_interval=step
        )
        many = one.self_compose(count)
        total = many if total is None else total.compose(many)
    return _from_pld(total, step, delta, pure)


def randomized_response(epsilon, levels, count, delta) -> Cost:
    """Cost of `count` randomized responses over `levels` levels, each of `epsilon`."""
    from dp_accounting.pld import privacy_loss_distribution as pld

    pure = epsilon * count
    if count > PLD_LIMIT:
        return Cost(pure, PURE)
    # The losses are epsilon, 0 and -epsilon: on a grid of epsilon nothing is rounded
    # (the library's own constructor can round up by a whole step).
    changed = math.exp(-epsilon)
    kept = 1 / (1 + (levels - 1) * changed)
    one = pld.PrivacyLossDistribution.create_from_rounded_probability(
        {1: kept, 0: (levels - 2) * kept * changed, -1: kept * changed},
        infinity_mass=0.0,
        value_discretization_interval=epsilon,
    )
    return _from_pld(one.self_compose(count), epsilon, delta, pure)


def gaussian(sensitivity, sigma, delta) -> Cost:
    """Cost of one Gaussian mechanism: exact (Balle and Wang, ICML 2018, theorem 8).

    Args:
        sensitivity: L2 distance that the noise is to hide.
        sigma: standard deviation of the noise, in the same units.
        delta: of the guarantee.
    """
    from dp_accounting.pld.privacy_loss_mechanism import GaussianPrivacyLoss

    ratio = sensitivity / sigma
    loss = GaussianPrivacyLoss(1.0, sensitivity=ratio)

    def excess(epsilon):
        return loss.get_delta_for_epsilon([epsilon])[0] - delta

    if excess(0.0) <= 0:
        return Cost(0.0, "analytic Gaussian")
    # The loss is normal with mean r²/2 and standard deviation r.
    high = ratio**2 / 2 + ratio * (10 + math.sqrt(2 * math.log(1 / delta)))
    epsilon = brentq(excess, 0.0, high, xtol=1e-12 * high, rtol=1e-12)
    return Cost(float(epsilon), "analytic Gaussian")


def smallest_noise(cost, epsilon, enough) -> float:
    """The smallest noise that keeps a decreasing cost at or below epsilon.

    Args:
        cost: from noise to epsilon.
        epsilon: the budget.
        enough: a noise that is enough.

    Returns:
        A noise within 1e-4 of the smallest, on the safe side.
    """

    def excess(log_noise):
        return math.log(max(cost(math.exp(log_noise)), 1e-300) / epsilon)

    high = math.log(enough)
    low = high - 2
    while excess(low) <= 0:
        low, high = low - 2, low
    # Costs fall like powers of the noise, so that logarithms are nearly linear.
    noise = math.exp(brentq(excess, low, high, xtol=2e-5))
    while cost(noise) > epsilon:
        noise *= 1 + 2e-5
    return noise


def _from_pld(loss, step, delta, pure):
    """Epsilon of a composed loss with grid `step`."""
    from dp_accounting.pld import privacy_loss_distribution as pld

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


def _laplace_rdp(parts, delta, pure):
    # The Rényi divergences of Mironov (CSF 2017, proposition 6); the library's event
    # stands for a looser bound.
    from dp_accounting.rdp import rdp_privacy_accountant

    order = 1 + np.logspace(-6, 4, 401)
    divergence = sum(
        count
        * np.logaddexp(
            np.log(order / (2 * order - 1)) + (order - 1) * epsilon,
            np.log((order - 1) / (2 * order - 1)) - order * epsilon,
        )
        / (order - 1)
        for epsilon, count in parts
    )
    epsilon, _ = rdp_privacy_accountant.compute_epsilon(order, divergence, delta)
    return Cost(float(epsilon), "RDP") if epsilon < pure else Cost(pure, PURE)

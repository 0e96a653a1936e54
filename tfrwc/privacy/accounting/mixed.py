"""What noise of several kinds costs together.

>>> parts = [Laplace(0.1, 400), Normal(2.0), Known(0.5, 1e-7)]
>>> cost = mixed(parts, delta=1e-5)
>>> f"{cost.epsilon:.1f} by {cost.method}"
'15.5 by PLD'

Noise of one kind goes to its own accountant (`release`). Of several kinds, privacy loss
distributions are rounded up to one grid and composed; a guarantee whose noise is not
known counts as the worst mechanism that has it (Kairouz, Oh, Viswanath, ICML 2015).
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

from tfrwc.compat.extras import extra
from tfrwc.privacy.accounting.release import (
    PLD_LIMIT,
    SMALLEST_PLD_DELTA,
    Cost,
    _from_pld,
    gaussian,
    laplace,
    randomized_response,
)

_STEPS = 4_000_000  # of the grid, at most, from the least loss to the greatest


class Laplace(NamedTuple):
    """Laplace noise.

    Attributes:
        epsilon: of one value.
        values: how many.
        steps: of a value's range, if the noise is of whole steps; 0 for real numbers.
    """

    epsilon: float
    values: int
    steps: int = 0


class Normal(NamedTuple):
    """Normal noise.

    Attributes:
        ratio: L2 distance that the noise is to hide, in standard deviations.
    """

    ratio: float


class Response(NamedTuple):
    """Randomized responses: epsilon of one, levels, and how many responses."""

    epsilon: float
    levels: int
    values: int


class Known(NamedTuple):
    """Anything of which only its guarantee is known."""

    epsilon: float
    delta: float = 0.0


Part: TypeAlias = Laplace | Normal | Response | Known


def mixed(parts: Iterable[Part], delta: float) -> Cost | None:
    """Cost of several parts together.

    Args:
        parts: in any order.
        delta: of the guarantee of all together.

    Returns:
        The cost, or None where no accountant is exact enough: for a delta below 1e-8
        or above 2 million values of several kinds, or a delta that is below the sum of
        those of the parts of which no more is known.
    """
    parts = sorted(parts, key=lambda part: (type(part).__name__, part))
    normal = [part for part in parts if isinstance(part, Normal)]
    if len(normal) == len(parts):
        return gaussian(math.hypot(*(part.ratio for part in normal)), 1.0, delta)
    lap = [part for part in parts if isinstance(part, Laplace)]
    if len(lap) == len(parts):
        return _laplace(lap, delta)
    responses = [part for part in parts if isinstance(part, Response)]
    kinds = {(part.epsilon, part.levels) for part in responses}
    values = sum(part.values for part in responses)
    if len(responses) == len(parts) and len(kinds) == 1:
        return randomized_response(*kinds.pop(), values, delta)
    values += sum(part.values for part in lap)
    unknown = sum(part.delta for part in parts if isinstance(part, Known))
    if delta < SMALLEST_PLD_DELTA or values > PLD_LIMIT or unknown >= delta:
        return None
    step = _step(parts)
    first, *others = [_loss(part, step) for part in parts]
    for loss in others:
        first = first.compose(loss)
    return _from_pld(first, step, delta, _pure(parts))


def _laplace(parts: list[Laplace], delta: float) -> Cost:
    # As triples only where there are steps.
    listed: list[Any] = [part if part.steps else part[:2] for part in parts]
    return laplace(listed, delta)


def _pure(parts: list[Part]) -> float:
    """Epsilon with a delta of 0."""
    if any(isinstance(p, Normal) or (isinstance(p, Known) and p.delta) for p in parts):
        return math.inf
    return math.fsum(
        part.epsilon * getattr(part, "values", 1)
        for part in parts
        if not isinstance(part, Normal)
    )


def _step(parts: list[Part]) -> float:
    """Of a grid that is fine beside the spread of the sum and beside each loss."""
    spread = math.hypot(*map(_spread, parts))
    single = [part.epsilon for part in parts if not isinstance(part, Normal)]
    smallest = min(single, default=math.inf)
    reach = sum(
        part.ratio**2 / 2 + 20 * part.ratio
        if isinstance(part, Normal)
        else min(part.epsilon * getattr(part, "values", 1), 1e9)
        for part in parts
    )
    return max(min(spread / 2e3, smallest / 50), reach / _STEPS)


def _spread(part: Part) -> float:
    if isinstance(part, Normal):
        return part.ratio
    if isinstance(part, Known):
        return part.epsilon
    return math.sqrt(part.values) * min(part.epsilon, 1.7)


def _loss(part: Part, step: float) -> Any:
    """Privacy loss distribution, rounded up to a grid."""
    with extra("privacy"):
        from dp_accounting.pld import common
        from dp_accounting.pld import privacy_loss_distribution as pld

    grid = {"value_discretization_interval": step}
    if isinstance(part, Normal):
        return pld.from_gaussian_mechanism(1.0, sensitivity=part.ratio, **grid)
    if isinstance(part, Known):
        parameters = common.DifferentialPrivacyParameters(part.epsilon, part.delta)
        return pld.from_privacy_parameters(parameters, **grid)
    if isinstance(part, Response):
        keep = 1 / (1 + (part.levels - 1) * math.exp(-part.epsilon))
        change = keep * math.exp(-part.epsilon)
        up, down = (math.ceil(loss / step) for loss in (part.epsilon, -part.epsilon))
        one = pld.PrivacyLossDistribution.create_from_rounded_probability(
            {up: keep, 0: (part.levels - 2) * change, down: change},
            infinity_mass=0.0,
            **grid,
        )
    elif part.steps:
        one = pld.from_discrete_laplace_mechanism(
            part.epsilon / part.steps, part.steps, **grid
        )
    else:
        one = pld.from_laplace_mechanism(1 / part.epsilon, **grid)
    return one.self_compose(part.values)

"""What noise of several kinds costs together.

>>> parts = [Laplace(0.1, 400), Normal(2.0), Known(0.5, 1e-7)]
>>> cost = mixed(parts, delta=1e-5)
>>> f"{cost.epsilon:.1f} by {cost.method}"
'15.5 by PLD'

Noise of one kind goes to its own accountant (`release`), and trainings with nothing but
normal noise to that of trainings. Of several kinds, privacy loss distributions are
rounded up to one grid and composed; a guarantee whose noise is not known counts as the
worst mechanism that has it (Kairouz, Oh, Viswanath, ICML 2015). All parts are for
something that is replaced by another, and all losses the same for either of both.
"""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.privacy.accounting.losses import BEYOND, Loss, LossSum
from tfrwc.privacy.accounting.release import (
    PLD_LIMIT,
    SMALLEST_PLD_DELTA,
    Cost,
    _from_pld,
    gaussian,
    laplace,
    randomized_response,
)
from tfrwc.privacy.accounting.stages import Stage, loss_sums, together

_STEPS = 4_000_000  # of the grid, at most, from the least loss to the greatest
_MISSED = 1e-7  # the share of delta that losses without end may have


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


class Training(NamedTuple):
    """Noisy steps.

    Attributes:
        stages: of one step or more, with noise.
        examples: how many are replaced together.
    """

    stages: tuple[Stage, ...]
    examples: int = 1


Part: TypeAlias = Laplace | Normal | Response | Known | Training


def mixed(parts: Iterable[Part], delta: float) -> Cost | None:
    """Cost of several parts together.

    Args:
        parts: in any order.
        delta: of the guarantee of all together.

    Returns:
        The cost, or None where no accountant is exact enough: for values of several
        kinds with a delta below 1e-8, or above 2 million of them, or a delta that is
        below the sum of those of the parts of which no more is known.
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
    if unknown >= delta:
        return None
    if not values and any(isinstance(part, Training) for part in parts):
        return Cost(*_sum(parts, delta).epsilon(delta, finely=True))
    if delta < SMALLEST_PLD_DELTA or values > PLD_LIMIT:
        return None
    step = _step(parts, delta)
    first, *others = [_loss(part, step, delta) for part in parts]
    for loss in others:
        first = first.compose(loss)
    return _from_pld(first, step, delta, _pure(parts))


def _laplace(parts: list[Laplace], delta: float) -> Cost:
    # As triples only where there are steps.
    listed: list[Any] = [part if part.steps else part[:2] for part in parts]
    return laplace(listed, delta)


def _pure(parts: list[Part]) -> float:
    """Epsilon with a delta of 0."""
    epsilons = []
    for part in parts:
        if isinstance(part, (Laplace, Response)):
            epsilons.append(part.epsilon * part.values)
        elif isinstance(part, Known) and not part.delta:
            epsilons.append(part.epsilon)
        else:
            return math.inf
    return math.fsum(epsilons)


def _sum(parts: Iterable[Part], delta: float) -> LossSum:
    """Losses of trainings, of normal noise, and of what is known."""
    losses: list[tuple[Loss, int]] = []
    for part in parts:
        if isinstance(part, Training):
            what = together(part.stages, part.examples, is_replaced=True)
        elif isinstance(part, Normal):
            what = together([Stage(1 / part.ratio, 1.0, 1)])
        elif isinstance(part, Known):
            what = together([], known=[part])
        losses += loss_sums(what, delta * _MISSED)[0].parts
    return LossSum(losses)


def _step(parts: list[Part], delta: float) -> float:
    """Of a grid that is fine beside the spread of the sum and beside each loss."""
    sizes = [_size(part, delta) for part in parts]
    spread = math.hypot(*(size.spread for size in sizes))
    smallest = min(size.single for size in sizes if size.single > 0)
    reach = sum(size.reach for size in sizes)
    return max(min(spread / 2e3, smallest / 50), reach / _STEPS)


class _Size(NamedTuple):
    """How large losses are: one by itself, the deviation of the sum, and its most."""

    single: float
    spread: float
    reach: float


def _size(part: Part, delta: float) -> _Size:
    if isinstance(part, Normal):
        return _Size(math.inf, part.ratio, part.ratio**2 / 2 + 20 * part.ratio)
    if isinstance(part, Known):
        return _Size(part.epsilon, part.epsilon, min(part.epsilon, 1e9))
    if isinstance(part, Training):
        total = _sum([part], delta)
        single = min(math.sqrt(loss.moments(0.0)[1]) for loss, _ in total.parts)
        mean, variance = total.moments(0.0)
        most = max(float(np.ptp(loss.values)) for loss, _ in total.parts)
        spread = math.sqrt(variance)
        return _Size(single, spread, mean + 20 * spread + most)
    spread = math.sqrt(part.values) * min(part.epsilon, 1.7)
    return _Size(part.epsilon, spread, min(part.epsilon * part.values, 1e9))


def _loss(part: Part, step: float, delta: float) -> Any:
    """Privacy loss distribution, rounded up to a grid."""
    with extra("privacy"):
        from dp_accounting.pld import common
        from dp_accounting.pld import privacy_loss_distribution as pld

    grid = {"value_discretization_interval": step}
    if isinstance(part, Normal):
        return pld.from_gaussian_mechanism(1.0, sensitivity=part.ratio, **grid)
    if isinstance(part, Training):
        total = _sum([part], delta)
        losses, masses, log_moment = total.total(0.0, step)
        masses = masses * math.exp(log_moment)
        first = round(losses[0] / step)
        is_there = masses > 0
        points = first + np.flatnonzero(is_there)
        return pld.PrivacyLossDistribution.create_from_rounded_probability(
            dict(zip(points.tolist(), masses[is_there].tolist(), strict=True)),
            infinity_mass=total.infinite + BEYOND,
            **grid,
        )
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

"""The privacy losses of trainings: of their steps, and of what is known but in sum.

>>> both = Together((Stage(1.0, 0.01, 500), Stage(2.0, 0.1, 50)), known=((0.5, 1e-7),))
>>> with_it, without = loss_sums(both, missed=1e-10)
>>> with_it.count
551
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tfrwc.privacy.accounting.gaussian_step import GaussianStep, losses_of
from tfrwc.privacy.accounting.losses import Loss, LossSum, discrete_loss

STEEPEST = 1e4  # shift of a step, in deviations of its noise, beyond which it is bare


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


class Together(NamedTuple):
    """What is done with the same examples.

    Attributes:
        stages: with steps, in any order.
        size: number of examples that come and go together, such as the images of a
            patient.
        known: (epsilon, delta) of what else is done, of which no more is known; for
            all of these examples together.
        is_replaced: whether the examples are replaced by others, and do not come and
            go.
    """

    stages: tuple[Stage, ...]
    size: int = 1
    known: tuple[tuple[float, float], ...] = ()
    is_replaced: bool = False

    @property
    def is_bare(self) -> bool:
        """Whether anything of it hides nothing at all."""
        return any(not stage.noise_multiplier for stage in self.stages) or any(
            math.isinf(epsilon) for epsilon, _ in self.known
        )


def together(
    stages: Iterable[Stage],
    size: int = 1,
    known: Iterable[tuple[float, float]] = (),
    is_replaced: bool = False,
) -> Together:
    """What is done: in an order of its own, without what does nothing, and with equal
    steps in one stage."""
    steps: Counter[tuple[float, float]] = Counter()
    for noise, rate, count in stages:
        if rate > 0:
            steps[noise, rate] += count
    used = sorted(Stage(*key, count) for key, count in steps.items() if count > 0)
    return Together(tuple(used), size, tuple(sorted(known)), is_replaced)


def shift_without_sampling(what: Together) -> float | None:
    """How far all steps together shift normal noise of deviation 1.

    Args:
        what: is done; its stages have noise.

    Returns:
        None where sampling hides something. Where there is too little noise for that,
        the shift if all stages used every example, which tells more.
    """
    # An example that is replaced by its opposite moves twice as far.
    distance = what.size * (2 if what.is_replaced else 1)
    shifts = [math.sqrt(steps) * distance / noise for noise, _, steps in what.stages]
    bare = [
        shift for shift, stage in zip(shifts, what.stages, strict=True) if stage[1] >= 1
    ]
    steepest = max(
        (distance / stage.noise_multiplier for stage in what.stages), default=0
    )
    if len(bare) == len(shifts) or max(steepest, math.hypot(*bare)) > STEEPEST:
        return math.hypot(*shifts)
    return None


def loss_sums(what: Together, missed: float) -> tuple[LossSum, LossSum]:
    """The losses of who has the examples against who has not, and the reverse.

    Args:
        what: is done: one thing or more, with noise.
        missed: probability that may count as a loss without end.
    """
    steps = _gaussian_steps(what, missed)
    tail = missed / max(sum(count for _, count in steps), 1)
    losses = [(losses_of(step, tail), count) for step, count in steps]
    for guarantee in what.known:
        losses.append(((_worst_loss(*guarantee),) * 2, 1))
    with_it, without = (
        LossSum([(both[direction], count) for both, count in losses])
        for direction in (0, 1)
    )
    return with_it, without


def _gaussian_steps(what: Together, missed: float) -> list[tuple[GaussianStep, int]]:
    """Steps of a mechanism that stages are at most as telling as, with their numbers.

    Stages that use every example are one step together: normal noise adds up.
    """
    sampled = [stage for stage in what.stages if stage.rate < 1]
    bare = tuple(stage for stage in what.stages if stage.rate >= 1)
    missed /= max(sum(stage.steps for stage in what.stages), 1)
    steps = []
    for noise, rate, count in sampled:
        if what.is_replaced:
            step = GaussianStep.of_replacement(noise, rate, what.size, missed)
        else:
            step = GaussianStep.of_group(what.size, noise, rate, missed)
        steps.append((step, count))
    if bare and (shift := shift_without_sampling(what._replace(stages=bare))):
        steps.append((GaussianStep.of_group(1, 1 / shift, 1.0), 1))
    return steps


def _worst_loss(epsilon: float, delta: float) -> Loss:
    """Of the mechanism that tells most of all with a guarantee, in either direction
    (Kairouz, Oh, Viswanath, ICML 2015)."""
    truth = 1 / (1 + math.exp(-epsilon))
    masses = (1 - delta) * np.array([1 - truth, truth])
    loss = discrete_loss(np.array([-epsilon, epsilon]), masses)
    return Loss(loss.values, loss.log_masses, loss.on_grid, delta)

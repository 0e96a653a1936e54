"""When a recording takes a record.

A schedule is any object with a `unit`, ``"epoch"`` or ``"step"``, and a method
``due(last, now)`` that says whether a moment to record lies after `last` and not
after `now`, in that unit. Steps are optimizer updates; the clock may jump by more
than one, as it does with ``steps_per_execution``.

>>> LogarithmicSteps().due(8, 15), LogarithmicSteps().due(15, 16)
(False, True)
"""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from numbers import Integral
from typing import Any, Protocol

from tfrwc._common.checks import is_number


class Schedule(Protocol):
    """When to record; any object with these two names is one."""

    @property
    def unit(self) -> str:
        """What it counts: ``"epoch"`` or ``"step"``, an update of the optimizer."""
        ...

    def due(self, last: int, now: int) -> bool:
        """Whether a moment to record lies after `last` and not after `now`."""
        ...


def _check_count(n: object) -> None:
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
        raise ValueError(
            f"A schedule (`every`) needs a whole number of 1 or more. Received: {n!r}."
        )


@dataclass(frozen=True)
class EveryEpochs:
    """A record at the end of every `n`-th epoch, after its training pass."""

    n: int = 1
    unit = "epoch"

    def __post_init__(self) -> None:
        _check_count(self.n)

    def due(self, last: int, now: int) -> bool:
        """Whether a record lies after epoch `last` and not after epoch `now`."""
        return now // self.n > last // self.n


@dataclass(frozen=True)
class EverySteps:
    """A record whenever the optimizer's step count passes a multiple of `n`."""

    n: int
    unit = "step"

    def __post_init__(self) -> None:
        _check_count(self.n)

    def due(self, last: int, now: int) -> bool:
        """Whether a record lies after step `last` and not after step `now`."""
        return now // self.n > last // self.n


@dataclass(frozen=True)
class AtSteps:
    """A record at each of these optimizer steps, or as soon as they are passed."""

    steps: tuple[int, ...]
    unit = "step"

    def __post_init__(self) -> None:
        steps = tuple(self.steps) if isinstance(self.steps, Iterable) else ()
        if not steps:
            raise ValueError(
                "AtSteps needs the optimizer steps to record at, such as (1, 10, 100). "
                f"Received: {self.steps!r}."
            )
        for step in steps:
            _check_count(step)
        object.__setattr__(self, "steps", tuple(sorted({int(s) for s in steps})))

    def due(self, last: int, now: int) -> bool:
        """Whether a record lies after step `last` and not after step `now`."""
        return bisect_right(self.steps, now) > bisect_right(self.steps, last)


@dataclass(frozen=True)
class LogarithmicSteps:
    """A record at steps 1, b, b², ... for `base` b, each rounded up.

    Most change is early in training; equal distances of the logarithm of the step
    show it with few records. ``2 ** 0.5`` takes two records for each doubling.
    """

    base: float = 2.0
    unit = "step"

    def __post_init__(self) -> None:
        if not is_number(self.base) or self.base < 1.01:
            raise ValueError(
                "LogarithmicSteps needs a finite base of 1.01 or more, the ratio of "
                f"steps that follow one another. Received: {self.base!r}."
            )

    def due(self, last: int, now: int) -> bool:
        """Whether a record lies after step `last` and not after step `now`."""
        power = 0
        while True:
            # What rounding adds to a power of 2 ** 0.5 must not push it up by one.
            step = ceil(self.base**power * (1 - 1e-12))
            if step > last:
                return step <= now
            power += 1


def as_schedule(every: Any) -> Schedule:
    """Turn the `every` argument of `RWCCallback` into a schedule.

    Args:
        every: ``"epoch"``, a number of steps, a list of steps, or a schedule object.

    Raises:
        ValueError: if it is none of these.
    """
    if isinstance(every, str) and every == "epoch":
        return EveryEpochs()
    if isinstance(every, Integral):
        return EverySteps(every)  # type: ignore[arg-type]
    has_unit = getattr(every, "unit", None) in ("epoch", "step")
    has_due = callable(getattr(every, "due", None))
    if has_unit and has_due and not isinstance(every, type):  # a class is no schedule
        schedule: Schedule = every
        return schedule
    if isinstance(every, Iterable) and not isinstance(every, str):
        return AtSteps(tuple(every))
    raise ValueError(
        "every must be 'epoch', a number of steps, a list of steps, or an object with "
        "a unit ('epoch' or 'step') and a method due(last, now). "
        f"Received: {every!r}."
    )


def description(thing: Any) -> str:
    """A text of a schedule or function that is the same in the next process.

    That of a text is itself, of anything else its repr without the address in memory
    that Python puts there where a class has no repr of its own.
    """
    if isinstance(thing, str):
        return thing
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(thing))

"""When a recording takes a record.

A schedule is any object with a `unit`, ``"epoch"`` or ``"step"``, and a method
``due(last, now)`` that says whether a record is due when the clock of that unit
has gone from `last` to `now`. Steps are optimizer updates; the clock may jump
by more than one, as it does with ``steps_per_execution``.
"""

from dataclasses import dataclass
from numbers import Integral


def _check_count(n):
    if isinstance(n, bool) or not isinstance(n, Integral) or n < 1:
        raise ValueError(
            f"A schedule (`every`) needs a whole number of 1 or more. Received: {n!r}."
        )


@dataclass(frozen=True)
class EveryEpochs:
    """A record at the end of every `n`-th epoch, after its training pass."""

    n: int = 1
    unit = "epoch"

    def __post_init__(self):
        _check_count(self.n)

    def due(self, last: int, now: int) -> bool:
        return now // self.n > last // self.n


@dataclass(frozen=True)
class EverySteps:
    """A record whenever the optimizer's step count passes a multiple of `n`."""

    n: int
    unit = "step"

    def __post_init__(self):
        _check_count(self.n)

    def due(self, last: int, now: int) -> bool:
        return now // self.n > last // self.n


def as_schedule(every):
    """Turn the `every` argument of `RWCCallback` into a schedule.

    Args:
        every: ``"epoch"``, a number of steps, or a schedule object.

    Raises:
        ValueError: if it is none of these.
    """
    if isinstance(every, str) and every == "epoch":
        return EveryEpochs()
    if isinstance(every, Integral):
        return EverySteps(every)
    is_schedule = getattr(every, "unit", None) in ("epoch", "step")
    # A class has both as well, but is no schedule yet.
    is_schedule = is_schedule and not isinstance(every, type)
    if is_schedule and callable(getattr(every, "due", None)):
        return every
    raise ValueError(
        "every must be 'epoch', a number of steps, or an object with a unit "
        f"('epoch' or 'step') and a method due(last, now). Received: {every!r}."
    )

"""The curves of a recording as plain arrays, and what is read off each of them."""

from dataclasses import dataclass

import numpy as np

from tfrwc.dynamics.arrays import Bools, Floats, Ints
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import Flag

SETTLED = 0.1
"""Share of its largest change below which a layer counts as settled."""

SPELL = 3
"""Records, up to the last, that a layer must have stayed so to count as settled."""

# Intervals this many times as long as the shortest are not compared with it.
_UNEVEN = 2


@dataclass(frozen=True, eq=False)
class Curves:
    """The values of one measure, and when they were taken.

    Attributes:
        values: (records, layers); NaN where there is none.
        flags: (records, layers), of `Flag`.
        times: of the records (records,), in `clock`.
        clock: ``"epoch"`` where each record is of an epoch of its own, else ``"step"``.
        even: whether the records are about equally far apart.
        since_start: whether values are the change since the initial weights, and not
            since the record before.
        measure: their name.
    """

    values: Floats
    flags: Ints
    times: Floats
    clock: str
    even: bool
    since_start: bool
    measure: str

    @classmethod
    def of(cls, recording: Recording) -> "Curves":
        """Those of ``l1_ratio`` if that was recorded, else of the first measure."""
        usual = "l1_ratio" in recording.measures
        measure = "l1_ratio" if usual else recording.measures[0]
        values = recording.values(measure).astype(np.float64)
        values[~np.isfinite(values)] = np.nan
        epochs, steps = recording.epochs, recording.steps
        by_epochs = bool((np.diff(epochs) > 0).all())
        gaps = np.diff(steps)
        gaps = gaps[gaps > 0]  # counts of steps can be set back
        return cls(
            values=values,
            flags=recording.flags(measure).astype(int),
            times=(epochs if by_epochs else steps).astype(np.float64),
            clock="epoch" if by_epochs else "step",
            even=not gaps.size or bool(gaps.max() <= _UNEVEN * gaps.min()),
            since_start=recording.settings.get("reference") == "initial",
            measure=measure,
        )

    def __len__(self) -> int:
        return len(self.values)

    @property
    def has_value(self) -> Bools:
        """Which layers have a value at all; (layers,)."""
        return np.asarray(np.isfinite(self.values).any(axis=0))

    def first(self) -> Floats:
        """The first value of each layer; NaN where there is none."""
        return self._at(_first(np.isfinite(self.values)))

    def last(self) -> Floats:
        """The last value of each layer; NaN where there is none."""
        return self._at(len(self) - 1 - _first(np.isfinite(self.values)[::-1]))

    def largest(self) -> tuple[Floats, Floats]:
        """The largest value of each layer, and when it was; NaN where there is none."""
        finite = np.where(np.isfinite(self.values), self.values, -np.inf)
        where = _first(finite == finite.max(axis=0, initial=-np.inf))
        times = self.times[where] if len(self) else np.nan
        return self._at(where), np.where(self.has_value, times, np.nan)

    def change(self) -> Floats:
        """How much each layer changed: on average from record to record, or in all.

        That is the mean of its values or, if these are since the initial weights, the
        last of them.
        """
        if self.since_start:
            return self.last()
        count = np.isfinite(self.values).sum(axis=0)
        total = np.nansum(self.values, axis=0)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def settled(self) -> Floats:
        """From when on each layer stays, for `SPELL` records or more, where it ends.

        That is: below `SETTLED` of its largest change; or, of change since the initial
        weights, within that share of it from the last. A record without a value is no
        evidence. NaN where a layer never does, and where records are too uneven to
        compare the change in one with that in another.
        """
        if not len(self) or not (self.even or self.since_start):
            return np.full(self.values.shape[1], np.nan)
        limit = SETTLED * self.largest()[0]
        distance = self.values
        if self.since_start:
            distance = np.abs(self.values - self.values[-1])
        # NaN compares as False: it is not low.
        low = (distance <= limit) & (limit > 0)
        spell = np.cumprod(low[::-1], axis=0).sum(axis=0)
        start = np.minimum(len(self) - spell, len(self) - 1)
        return np.where(spell >= SPELL, self.times[start], np.nan)

    def still(self) -> Bools:
        """Which layers have values, all of them zero; (layers,)."""
        return np.asarray(self.has_value & (np.nan_to_num(self.values) == 0).all(0))

    def stopped(self) -> Floats:
        """From when on layers that had moved no longer do, at all; NaN where they do.

        As of `settled`, for `SPELL` records or more, up to the last.
        """
        if not len(self):
            return np.full(self.values.shape[1], np.nan)
        same = np.diff(self.values, axis=0, prepend=np.nan) == 0
        standing = same if self.since_start else self.values == 0
        spell = np.cumprod(standing[::-1], axis=0).sum(axis=0)
        start = np.minimum(len(self) - spell, len(self) - 1)
        stopped = (spell >= SPELL) & ~self.still()
        return np.where(stopped, self.times[start], np.nan)

    def began_at_zero(self) -> Bools:
        """Which layers had no relative change at first, as all weights were zero."""
        return np.asarray((self.flags == Flag.ZERO_DENOMINATOR).any(axis=0))

    def half(self, layers: Bools) -> float | None:
        """When half of the summed change of some layers had come; None if unknown.

        Args:
            layers: which they are; (layers,).
        """
        if self.since_start or not self.even:
            return None
        total = np.nancumsum(np.nansum(self.values[:, layers], axis=1))
        if not len(self) or not 0 < total[-1] < np.inf:
            return None
        return float(self.times[(total >= total[-1] / 2).argmax()])

    def broken_since(self) -> Floats:
        """When the weights of each layer were first not finite; NaN where never."""
        broken = self.flags == Flag.NON_FINITE
        if not len(self):
            return np.full(self.values.shape[1], np.nan)
        return np.where(broken.any(0), self.times[broken.argmax(axis=0)], np.nan)

    def _at(self, where: Ints) -> Floats:
        if not len(self):
            return np.full(self.values.shape[1], np.nan)
        picked: Floats = self.values[where, np.arange(self.values.shape[1])]
        return picked


def _first(where: Bools) -> Ints:
    """The row of the first True in each column, 0 where there is none."""
    if not len(where):
        return np.zeros(where.shape[1], np.int64)
    return np.asarray(where.argmax(axis=0))

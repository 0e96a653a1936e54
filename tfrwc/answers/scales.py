"""From values to pixels, and the numbers on an axis."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tfrwc.answers.view import spans_decades
from tfrwc.dynamics.arrays import Floats


@dataclass(frozen=True)
class Scale:
    """From values to pixels.

    Attributes:
        low, high: values at the ends.
        start, end: pixels there.
        log: whether equal steps are equal ratios; then zeros have no place on it.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool

    def __call__(self, values: npt.ArrayLike) -> Floats:
        """Pixels of values; NaN where there are none."""
        share = self.share(values)
        return np.asarray(self.start + share * (self.end - self.start))

    def share(self, values: npt.ArrayLike) -> Floats:
        """Where values lie between the ends, 0 to 1; NaN where there is no place."""
        values = np.asarray(values, np.float64)
        low, high = self.low, self.high
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                values = np.log(np.where(values > 0, values, np.nan))
            low, high = math.log(low), math.log(high)
        return np.asarray((values - low) / (high - low))

    def ticks(self, most: int = 6) -> list[float]:
        """Round values on the scale, at most so many."""
        return (_log_ticks if self.log else _ticks)(self.low, self.high, most)


def scale_of(
    values: npt.ArrayLike, start: float, end: float, log: bool | None = None
) -> Scale:
    """A scale that holds values, with a little room.

    Args:
        values: of any shape; what is not finite is left out.
        start, end: in pixels.
        log: None takes logarithms where the values span decades.
    """
    values = np.asarray(values, np.float64)
    values = values[np.isfinite(values)]
    log = spans_decades(values) if log is None else log
    if log:
        values = values[values > 0]
    if not values.size:
        return (
            Scale(1.0, 10.0, start, end, True)
            if log
            else Scale(0, 1, start, end, False)
        )
    low, high = float(values.min()), float(values.max())
    if log:
        room = max(high**0.04 / low**0.04, 1.05)  # the ratio itself may overflow
        return Scale(low / room, high * room, start, end, True)
    room = 0.04 * (high - low) or 0.1 * abs(high) or 0.5
    lowest = 0.0 if 0 <= low < 0.5 * high else low - room
    return Scale(lowest, high + room, start, end, False)


def text_of(value: float) -> str:
    """Three digits of a value; "no value" of NaN."""
    if math.isnan(value):
        return "no value"
    if value == 0:
        return "exactly 0"
    return f"{value:.3g}"


def tick_text(value: float) -> str:
    """A round value on an axis."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.10g}"
    digits, power = f"{value:.4e}".split("e")
    digits = digits.rstrip("0").rstrip(".")
    return f"{digits}e{int(power)}"


def _ticks(low: float, high: float, most: int) -> list[float]:
    rough = (high - low) / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= rough * (1 - 1e-9))
    ticks = _multiples(low, high, step)
    while len(ticks) < 2:  # one number says nothing of a scale
        step /= 2
        ticks = _multiples(low, high, step)
    return ticks


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    finest: list[float] = []
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [
            digit * 10.0**power
            for power in range(first, last + 1)
            for digit in digits
            if low <= digit * 10.0**power <= high
        ]
        finest = finest or ticks
        if len(ticks) <= most:
            if len(ticks) < 3 and high < 10 * low:
                return _ticks(low, high, most)
            return ticks if len(ticks) > 1 else [finest[0], finest[-1]]
    return ticks[:: math.ceil(len(ticks) / most)]

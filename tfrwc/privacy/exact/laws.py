"""Laws of whole numbers: their probabilities, as exactly as they are asked for.

A law is a frozen dataclass. Its `thresholds` are the probabilities of "at most k", for
whole numbers k in a row, each between two whole multiples of 2**-bits. All arithmetic
is that of Python's whole numbers, but for exp, by `decimal`, which rounds it correctly.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction
from typing import NamedTuple, Protocol

# Numbers are computed to so many further bits, and are then wrong by less than half of
# these: by a few units for each of less than a million steps, and what a division by
# at least 2**-50 makes of that.
_GUARD = 128
_ERROR = 1 << 64


class Thresholds(NamedTuple):
    """Where a uniform number between 0 and 1 passes from one outcome to the next.

    Attributes:
        first: the outcome below the first threshold, if that is the least one of all.
        low: multiples of 2**-bits that are not above the thresholds, ascending.
        high: multiples of 2**-bits that are not below them, at least 1.
    """

    first: int
    low: list[int]
    high: list[int]


class Law(Protocol):
    """A distribution of whole numbers."""

    def thresholds(self, bits: int) -> Thresholds:
        """Bounds on its thresholds: all of those between 2**-bits and 1 - 2**-bits.

        Where outcomes have no end, the first lower bound is 0, and the last upper one
        2**bits.
        """
        ...


@dataclass(frozen=True)
class TwoSidedGeometric:
    """The block of a discrete Laplace number, counted from the one that begins at 0.

    A whole number k has a probability proportional to exp(-rate |k|); its block is the
    whole part of k / size. With blocks of size 1 it is the number itself.

    Args:
        rate: above 0.
        size: of a block.
    """

    rate: Fraction
    size: int = 1

    def thresholds(self, bits: int) -> Thresholds:
        """As of `Law`; there is no end to outcomes."""
        precision = bits + _GUARD
        one = 1 << precision
        fall, block_fall = (
            exponential(self.rate * size, precision) for size in (1, self.size)
        )
        # P(k >= size) and P(k <= -1), which is also that of a block below 0.
        above = _powers((block_fall << precision) // (one + fall), block_fall, bits)
        below = _powers((fall << precision) // (one + fall), block_fall, bits)
        values = [*reversed(below), *(one - value for value in above)]
        return _bounds(-len(below), values, bits)


@dataclass(frozen=True)
class GeometricDigit:
    """A number below `size` whose probability falls by exp(-rate) at every step.

    The digits of a geometric number, in whatever base, are independent, and have this
    law.

    Args:
        rate: above 0.
        size: 2 or more.
    """

    rate: Fraction
    size: int

    def thresholds(self, bits: int) -> Thresholds:
        """As of `Law`."""
        precision = bits + _GUARD
        one = 1 << precision
        fall = exponential(self.rate, precision)
        whole = one - exponential(self.rate * self.size, precision)
        power, values = one, []
        for _ in range(self.size - 1):
            power = power * fall >> precision
            values.append(((one - power) << precision) // whole)
        return _bounds(0, values, bits)


@dataclass(frozen=True)
class DiscreteGaussian:
    """A whole number k of probability proportional to exp(-k² / (2 variance)).

    Canonne, Kamath and Steinke, "The discrete Gaussian for differential privacy",
    NeurIPS 2020.

    Args:
        variance: above 0; a number's variance is that or a little less.
    """

    variance: Fraction

    def thresholds(self, bits: int) -> Thresholds:
        """As of `Law`; there is no end to outcomes."""
        precision = bits + _GUARD
        weight = 1 << precision
        # exp(-(k + 1)² / 2v) is exp(-k² / 2v) times exp(-(2k + 1) / 2v).
        step = exponential(1 / (2 * self.variance), precision)
        steps_step = exponential(1 / self.variance, precision)
        weights = []
        while weight := weight * step >> precision:
            weights.append(weight)
            step = step * steps_step >> precision
        total = (1 << precision) + 2 * sum(weights)
        below, tail = [0], 0  # what is left out has no unit
        for weight in reversed(weights):
            tail += weight
            below.append((tail << precision) // total)
        # Of the tail that has less than a unit together, only the first.
        start = sum(value >> _GUARD == 0 for value in below) - 1
        below = below[start:]
        above = [(1 << precision) - value for value in reversed(below)]
        return _bounds(-len(below), [*below, *above], bits)


@dataclass(frozen=True)
class Response:
    """0 with probability e^epsilon / (e^epsilon + levels - 1), or another of `levels`.

    Each of the others, 1 to levels - 1, is as likely.

    Args:
        epsilon: above 0.
        levels: 2 or more.
    """

    epsilon: Fraction
    levels: int

    def thresholds(self, bits: int) -> Thresholds:
        """As of `Law`."""
        precision = bits + _GUARD
        one = 1 << precision
        fall = exponential(self.epsilon, precision)
        total = one + (self.levels - 1) * fall
        values = [
            ((one + k * fall) << precision) // total for k in range(self.levels - 1)
        ]
        return _bounds(0, values, bits)


def exponential(x: Fraction, bits: int) -> int:
    """2**bits exp(-x), for an x of 0 or more, to less than one unit."""
    if x > bits:
        return 0
    with localcontext(Context(prec=bits // 3 + 30, Emin=MIN_EMIN, Emax=MAX_EMAX)):
        return int((-Decimal(x.numerator) / x.denominator).exp() * (1 << bits))


def _powers(first: int, fall: int, bits: int) -> list[int]:
    """A number, multiplied by `fall` again and again down to one below 2**-bits."""
    precision = bits + _GUARD
    values = [first]
    while values[-1] >> _GUARD:
        values.append(values[-1] * fall >> precision)
    return values


def _bounds(first: int, values: Iterable[int], bits: int) -> Thresholds:
    """Thresholds from numbers of `_GUARD` further bits."""
    values = list(values)
    most = (1 << bits) - 1
    low = [min(max(value - _ERROR >> _GUARD, 0), most) for value in values]
    high = [min((value + _ERROR >> _GUARD) + 1, most + 1) for value in values]
    return Thresholds(first, low, high)

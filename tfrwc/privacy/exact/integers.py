"""Laplace and normal noise of any size, in whole numbers.

A table has room for numbers of about a hundred different sizes that matter. Larger
noise is put together from several: the digits of a discrete Laplace number, and a sum
of discrete Gaussian ones, on coarser and finer grids.
"""

import math
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tfrwc.privacy.exact.laws import (
    DiscreteGaussian,
    GeometricDigit,
    Response,
    TwoSidedGeometric,
)
from tfrwc.privacy.exact.table import SEED_WORDS, Table, table_of

Words: TypeAlias = npt.NDArray[np.int64]
Whole: TypeAlias = npt.NDArray[Any]
Floats: TypeAlias = npt.NDArray[np.float32]

_DIGIT_BITS = 7
# Largest scale or standard deviation of a table. Where there are several, half of this
# is the least one of the first.
_LIMIT = 128
SMOOTHING = Fraction(3, 2)
"""Standard deviation, in steps of a grid, of normal noise to which that grid does not
show: a discrete Gaussian of it, wherever its centre lies between two points, has the
same sum of weights but for a factor between 1 - 1.1e-19 and 1 + 1.1e-19."""


class Numbers:
    """Random whole numbers that are put together from outcomes of tables.

    Args:
        tables: how many outcomes are in a number.
        scale: the numbers' own; nearly all are within 64 of it.
        most: the largest values that the numbers are added to.
    """

    def __init__(self, tables: int, scale: Fraction, most: int) -> None:
        self._tables = tables
        few = max(128 * scale, 2 * most) <= 1 << 29
        self._dtype: type[np.signedinteger[Any]] = np.int32 if few else np.int64
        self._farthest = 1 << (29 if few else 60)

    def words(self, count: int) -> int:
        """How many words of 64 bits `draw` takes for `count` numbers."""
        return math.ceil(self._tables * count / 2) + SEED_WORDS

    def draw(self, words: Words, count: int) -> Whole:
        """Numbers (images, count) from words (images, `words(count)`)."""
        raise NotImplementedError

    def added(self, values: npt.NDArray[Any], words: Words, step: float) -> Floats:
        """Values with numbers of steps.

        Args:
            values: (images, ...), as of `steps`.
            words: of the same images, as of `draw`.
            step: as of `steps`.
        """
        numbers = self.draw(words, math.prod(values.shape[1:])).reshape(values.shape)
        numbers += self.steps(values, step)
        return self.sums(numbers, step)

    def steps(self, values: npt.NDArray[Any], step: float) -> Whole:
        """Values as whole numbers of steps, of the type that `draw` has.

        Args:
            values: multiples of the step, at most `most` of them.
            step: a power of two, at most 1 if the values are of uint8.
        """
        if values.dtype == np.uint8:
            whole: Whole = np.multiply(values, int(1 / step), dtype=self._dtype)
            return whole
        return (values / step).astype(self._dtype)

    def sums(self, numbers: Whole, step: float) -> Floats:
        """What steps and numbers are together, as float32; they are overwritten.

        Sums beyond half of what a table tells at most are told as that half, so that
        it does not show where the table ended.
        """
        most = self._farthest // 2
        np.clip(numbers, -most, most, out=numbers)
        return np.multiply(numbers, step, dtype=np.float32, casting="unsafe")

    def _outcomes(
        self, table: Table, words: Words, count: int, place: int = 0, shift: int = 0
    ) -> Whole:
        """Outcomes (images, count) of a table, times 2**shift.

        `place` is the table's among the tables.
        """
        part = slice(place * count, (place + 1) * count)
        outcomes = table.draw(
            words.view(np.uint32)[:, part],  # two words of a table in each
            words[:, -SEED_WORDS:],
            self._dtype,
            self._farthest >> shift,
            purpose=place,
        )
        outcomes <<= shift
        return outcomes


class LaplaceNumbers(Numbers):
    """Whole numbers k of probability proportional to exp(-|k| / scale), exactly.

    Args:
        scale: above 0.
        most: as of `Numbers`.
    """

    def __init__(self, scale: Fraction, most: int) -> None:
        rate = 1 / scale
        self._bits = max(0, math.ceil(math.log2(scale / _LIMIT)))
        self._blocks = table_of(TwoSidedGeometric(rate, 1 << self._bits))
        # The place in a block, of independent digits from the least one up.
        self._digits = [
            (shift, _digit(rate, shift, self._bits))
            for shift in range(0, self._bits, _DIGIT_BITS)
        ]
        super().__init__(1 + len(self._digits), scale, most)

    def draw(self, words: Words, count: int) -> Whole:
        """As of `Numbers`."""
        numbers = self._outcomes(self._blocks, words, count, 0, self._bits)
        if not self._digits:
            return numbers
        # Below 0, probabilities fall from the last place of a block down.
        last = (1 << self._bits) - 1
        turn = numbers >> (8 * numbers.itemsize - 1) & last
        for i, (shift, digit) in enumerate(self._digits):
            numbers |= self._outcomes(digit, words, count, 1 + i, shift)
        numbers ^= turn
        return numbers


class GaussianNumbers(Numbers):
    """Whole numbers of a discrete Gaussian distribution, to a factor of 1 ± 1e-17.

    Large ones are sums: a discrete Gaussian number on a grid of step M and one on a
    finer grid, of standard deviation s = 1.5 M, are together, at a point z, of
    probability proportional to

        Σ exp(-y² / 2S²) exp(-(z - y)² / 2s²)
            = exp(-z² / 2(S² + s²)) Σ exp(-(y - c z)² / 2t²)

    over the multiples y of M, with c = S² / (S² + s²) and t² = c s². By Poisson's
    summation the last sum depends on z by a factor between 1 - h and 1 + h only, with
    h = 2 exp(-2π² t² / M²) + ..., of 1.1e-19 (see `SMOOTHING`; Peikert, CRYPTO 2010).

    Args:
        sigma: above 0; standard deviation.
        most: as of `Numbers`.
    """

    def __init__(self, sigma: Fraction, most: int) -> None:
        self._levels: list[tuple[int, Table]] = []
        variance = sigma**2
        while variance > _LIMIT**2:
            shift = math.floor(math.log2(2 * math.sqrt(variance) / _LIMIT))
            rest = (SMOOTHING * (1 << shift)) ** 2
            law = DiscreteGaussian((variance - rest) / (1 << shift) ** 2)
            self._levels.append((shift, table_of(law)))
            variance = rest
        self._levels.append((0, table_of(DiscreteGaussian(variance))))
        super().__init__(len(self._levels), sigma, most)

    def draw(self, words: Words, count: int) -> Whole:
        """As of `Numbers`."""
        numbers: Whole | None = None
        for i, (shift, table) in enumerate(self._levels):
            more = self._outcomes(table, words, count, i, shift)
            numbers = more if numbers is None else np.add(numbers, more, out=numbers)
        assert numbers is not None
        return numbers


class ResponseNumbers(Numbers):
    """0, or with the probability of a randomized response another number.

    Args:
        epsilon, levels: as of `Response`.
    """

    def __init__(self, epsilon: Fraction, levels: int) -> None:
        self._table = table_of(Response(epsilon, levels))
        super().__init__(1, Fraction(levels), levels)

    def draw(self, words: Words, count: int) -> Whole:
        """As of `Numbers`."""
        return self._outcomes(self._table, words, count)


def _digit(rate: Fraction, shift: int, bits: int) -> Table:
    size = 1 << min(_DIGIT_BITS, bits - shift)
    return table_of(GeometricDigit(rate * (1 << shift), size))

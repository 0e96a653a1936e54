"""The sums of measures over arrays in memory, at the speed of memory.

Arrays are read in blocks that stay in the processor's cache while all sums over
them are taken and the old weights are overwritten with the new. So from memory
both are read once, and one is written once. Sums of a block are taken by BLAS, in the
precision of the weights (float32 for lower ones); those of blocks are added in float64.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg.blas import dasum, sasum

from tfrwc.recording.measures import Measure
from tfrwc.recording.measures.measure import Block, Magnitude, Sums, Vector

# Elements. Two float32 operands of this many (0.8 MB) fit into the cache of a core, and
# OpenBLAS does not yet start threads of its own, as it does above 100,000.
_BLOCK = 98_304
_EXACT = (np.dtype(np.float32), np.dtype(np.float64))

# From numbers smaller than this, others can be subtracted without a floating point
# exception, whatever they are: infinities and NaN stay, and the largest number is
# rounded back to itself. For a small tensor `np.errstate` costs more than this does.
_QUIET = 1e30


def needs_whole_tensors(measures: Iterable[Measure]) -> bool:
    """Whether sums over the parts of a tensor do not add up to those over it."""
    return any(measure.tensor_sums is not None for measure in measures)


class Comparison:
    """Takes the sums of tensors, those of all measures in a row.

    Args:
        measures: in the order of their sums.
        renew: whether the weights before are overwritten with those now.
        size: elements of the largest tensor.
    """

    def __init__(self, measures: Sequence[Measure], renew: bool, size: int) -> None:
        # Fresh memory would have to be mapped, zeroed and brought into the cache each
        # time.
        self._memory = np.empty(min(size, _BLOCK), np.float64)
        self._block_sums: list[Callable[..., Sums]] = []
        self._of_tensors: list[tuple[int, Callable[..., Sums] | None, bool]] = []
        for measure in measures:
            count = 0
            if measure.block_sums is not None:
                self._block_sums.append(measure.block_sums)
                count = len(measure.sums)
            of_tensor = count, measure.tensor_sums, measure.by_unit
            self._of_tensors.append(of_tensor)
        self._zeros = [0.0] * sum(count for count, *_ in self._of_tensors)
        # Some measures look at a tensor again, before it may be overwritten.
        self._looks_again = needs_whole_tensors(measures)
        self._renew = renew

    def __call__(
        self, before: npt.NDArray[Any], now: npt.NDArray[Any], units: int = 1
    ) -> list[float]:
        """Compare vectors of weights, of a tensor with this number of output units."""
        with np.errstate(all="ignore"):  # no decorator: threads would share its state
            if not self._looks_again:
                return self._sums_in_blocks(before, now, self._renew)
            totals = self._sums_in_blocks(before, now, renew=False)
            sums = self._sums_of_whole_tensors(before, now, totals, units)
            if self._renew:
                np.copyto(before, now)
            return sums

    def _sums_in_blocks(
        self, before: npt.NDArray[Any], now: npt.NDArray[Any], renew: bool
    ) -> list[float]:
        # A loop without frills: what Python does here counts.
        functions, totals = self._block_sums, self._zeros.copy()
        exact = before.dtype in _EXACT
        for old, new, change, magnitude in _blocks(before, now, self._memory):
            i = 0
            for function in functions:
                for value in function(old, new, change, magnitude):
                    totals[i] += float(value)
                    i += 1
            if renew and exact:
                np.copyto(old, new)
        if renew and not exact:
            np.copyto(before, now)
        return totals

    def _sums_of_whole_tensors(
        self,
        before: npt.NDArray[Any],
        now: npt.NDArray[Any],
        totals: list[float],
        units: int,
    ) -> list[float]:
        sums: list[float] = []
        for count, tensor_sums, by_unit in self._of_tensors:
            own, totals = totals[:count], totals[count:]
            if tensor_sums is None:
                sums += own
            else:
                blocks = _blocks(before, now, self._memory)
                more = (units,) if by_unit else ()
                sums += tensor_sums(own, blocks, *more)
        return sums


class RenewedL1:
    """The sums of `l1_ratio` between a tensor and what it was at the last call.

    The fast way of the commonest measure: the change is taken in the place of the old
    weights, so that nothing else takes up the cache, and the sum over the new ones is
    kept for the next call, so that the first look at a block brings both its operands
    from memory at once.

    Args:
        before: vector of float32 or float64, overwritten at each call.
    """

    def __init__(self, before: Vector) -> None:
        self._before = before
        self._magnitude = _magnitude(before.dtype)
        self._size: float | None = None

    @staticmethod
    def suits(dtype: np.dtype[Any], measures: Sequence[Measure], renew: bool) -> bool:
        """Whether it can take the place of a `Comparison`."""
        names = [measure.name for measure in measures]
        return renew and names == ["l1_ratio"] and dtype in _EXACT

    def __call__(self, now: Vector) -> list[float]:
        """Compare with this vector of weights."""
        before, magnitude, size = self._before, self._magnitude, self._size
        if size is None:
            size = sum(magnitude(before[block]) for block in _slices(before.size))
        self._size = None  # not known after an interrupt
        change = new = 0.0
        for block in _slices(before.size):
            a, b = before[block], now[block]
            try:
                if size < _QUIET:
                    np.subtract(b, a, out=a)
                else:
                    with np.errstate(all="ignore"):
                        np.subtract(b, a, out=a)
                change += magnitude(a)
            finally:  # an interrupt leaves weights there, not their change
                np.copyto(a, b)
            new += magnitude(a)
        self._size = new
        return [change, size]


def _slices(size: int) -> Iterator[slice]:
    return (slice(start, start + _BLOCK) for start in range(0, size, _BLOCK))


def _magnitude(dtype: np.dtype[Any]) -> Magnitude:
    return sasum if dtype == _EXACT[0] else dasum  # type: ignore[no-any-return]


def _blocks(
    before: npt.NDArray[Any], now: npt.NDArray[Any], memory: npt.NDArray[np.float64]
) -> Iterator[Block]:
    """Old weights, new ones, their difference and routine for sum |x|, by block.

    In float32 or float64; the first two are views where the arrays are of these.
    """
    exact = before.dtype in _EXACT
    dtype = before.dtype if exact else _EXACT[0]
    magnitude, difference = _magnitude(dtype), memory.view(dtype)
    for block in _slices(before.size):
        old, new = before[block], now[block]
        if not exact:
            old, new = old.astype(dtype), new.astype(dtype)
        yield old, new, np.subtract(new, old, out=difference[: old.size]), magnitude

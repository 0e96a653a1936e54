"""Snapshots and measures of weights in host memory.

On a CPU the weights are measured where they lie, by `blocks`. A compiler for
accelerators makes a poor job of it there: XLA on a CPU first writes each operand of
a reduction to memory.
"""

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tfrwc.recording import backends
from tfrwc.recording.blocks import Comparison, RenewedL1, needs_whole_tensors
from tfrwc.recording.measures import lookup
from tfrwc.recording.measures.measure import units_of
from tfrwc.recording.sums import values_and_flags

_PIECE = 1_048_576  # elements, into which larger tensors are cut for threads
_ALONE = 4_194_304  # elements up to which threads cost more than they save
_THREADS = min(os.cpu_count() or 1, 8)


class _Piece(NamedTuple):
    """A part of a variable that is compared by itself.

    Attributes:
        variable: its number.
        part: of the vector of its elements.
        size: elements in it.
        sums: function of a vector that compares it with the snapshot of this part.
    """

    variable: int
    part: slice
    size: int
    sums: Callable[[npt.NDArray[Any]], list[float]]


class HostMeasures:
    """Snapshots of some variables in host memory, and how far these are from them.

    It holds one copy of the variables.

    Args:
        variables: list of built `keras.Variable`.
        measures: names from `tfrwc.recording.measures`.
        renew: whether each comparison makes the present values the snapshots;
            otherwise those of the last call of `snapshot` stay.

    Attributes:
        variables: list of the variables.
        readers: of the variables; see `backends.readers`.
        snapshots: arrays, one for each variable; none before `snapshot`.
        renews: as the argument `renew`.
    """

    def __init__(
        self, variables: Iterable[Any], measures: Iterable[str], renew: bool = True
    ) -> None:
        self.variables = list(variables)
        self.readers = backends.readers(self.variables)
        self.snapshots: list[npt.NDArray[Any]] = []
        self._measures = lookup(measures)
        self.renews = renew
        self._pool = ThreadPoolExecutor(_THREADS)

    def snapshot(self) -> None:
        """Copy the variables as they are now; later calls compare with this."""
        self._set([array.copy() for array in self._arrays()])

    def restore(self, arrays: Iterable[npt.NDArray[Any]]) -> None:
        """Compare with these arrays from now on."""
        self._set(
            [
                array.astype(now.dtype)
                for array, now in zip(arrays, self._arrays(), strict=True)
            ]
        )

    def add(self, variables: list[Any]) -> None:
        """Watch more variables, compared at first with what they are now."""
        self.variables += variables
        self.readers += backends.readers(variables)
        new = self._arrays()[len(self.snapshots) :]
        self._set(self.snapshots + [array.copy() for array in new])

    def measure(self) -> npt.NDArray[np.float64]:
        """Compare every variable with its snapshot.

        Returns:
            Sums, float64 (variables, sums), for `finish`.
        """
        weights = [array.reshape(-1) for array in self._arrays()]
        if len(self._tasks) == 1:
            rows = _compare(self._tasks[0], weights)
        else:
            parts = self._pool.map(lambda task: _compare(task, weights), self._tasks)
            rows = [row for part in parts for row in part]
        if len(rows) == len(weights):
            return np.array(rows)
        sums = np.zeros((len(weights), len(rows[0])))
        pieces = (piece for task in self._tasks for piece in task)
        for piece, row in zip(pieces, rows, strict=True):
            sums[piece.variable] += row
        return sums

    def finish(
        self, results: Sequence[Any]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """Turn results of `measure` into values; see `sums.values_and_flags`."""
        return values_and_flags(results, self._measures)

    def _arrays(self) -> list[npt.NDArray[Any]]:
        return [backends.host_array(read()) for read in self.readers]

    def _set(self, snapshots: list[npt.NDArray[Any]]) -> None:
        self.snapshots = snapshots
        self._tasks = _shares(self._pieces())
        self._of_thread = threading.local()

    def _pieces(self) -> Iterator[_Piece]:
        split = not needs_whole_tensors(self._measures)
        for index, snapshot in enumerate(self.snapshots):
            before = snapshot.reshape(-1)
            length = _PIECE if split else before.size
            for start in range(0, before.size, length):
                part = slice(start, start + length)
                old = before[part]
                sums = self._sums_against(old, units_of(snapshot.shape))
                yield _Piece(index, part, old.size, sums)

    def _sums_against(
        self, old: npt.NDArray[Any], units: int
    ) -> Callable[[npt.NDArray[Any]], list[float]]:
        """A function that takes the sums between `old` and a vector of weights."""
        if RenewedL1.suits(old.dtype, self._measures, self.renews):
            return RenewedL1(old)
        return partial(self._sums, units, old)

    def _sums(
        self, units: int, old: npt.NDArray[Any], now: npt.NDArray[Any]
    ) -> list[float]:
        if not hasattr(self._of_thread, "comparison"):
            size = max(snapshot.size for snapshot in self.snapshots)
            self._of_thread.comparison = Comparison(self._measures, self.renews, size)
        comparison: Comparison = self._of_thread.comparison
        return comparison(old, now, units)


def _compare(
    pieces: list[_Piece], weights: list[npt.NDArray[Any]]
) -> list[list[float]]:
    return [sums(weights[variable][part]) for variable, part, _, sums in pieces]


def _shares(pieces: Iterable[_Piece]) -> list[list[_Piece]]:
    """The pieces in tasks of about equal numbers of elements.

    One task for little work, else a few per thread: with many small ones the threads
    would wait for one another.
    """
    pieces = list(pieces)
    ends = np.cumsum([piece.size for piece in pieces])
    count = 1 if ends[-1] <= _ALONE else 2 * _THREADS
    numbers = (ends - 1) * count // ends[-1]
    tasks = [
        [piece for piece, n in zip(pieces, numbers, strict=True) if n == number]
        for number in range(count)
    ]
    return [task for task in tasks if task]

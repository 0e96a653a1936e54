"""Snapshots and measures of weights in host memory.

On a CPU the weights are measured where they lie, by `blocks`. A compiler for
accelerators makes a poor job of it there: XLA on a CPU first writes each operand of
a reduction to memory.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import numpy as np

from tfrwc.recording import _backends
from tfrwc.recording.blocks import Comparison, RenewedL1, needs_whole_tensors
from tfrwc.recording.sums import values_and_flags

_PIECE = 1_048_576  # elements, into which larger tensors are cut for threads
_ALONE = 4_194_304  # elements up to which threads cost more than they save
_THREADS = min(os.cpu_count() or 1, 8)


class _Piece(NamedTuple):
    """Number of a variable, a part of it, its elements, and their comparison."""

    index: int
    part: slice
    size: int
    sums: Callable


class HostMeasures:
    """Snapshots of some variables in host memory, and how far these are from them.

    It holds one copy of the variables.

    Args:
        variables: list of built `keras.Variable`.
        measures: names from `tfrwc.recording.sums.MEASURES`.
        renew: whether each comparison makes the present values the snapshots;
            otherwise those of the last call of `snapshot` stay.

    Attributes:
        readers: of the variables; see `_backends.readers`.
    """

    def __init__(self, variables, measures, renew=True):
        self.variables = list(variables)
        self.readers = _backends.readers(self.variables)
        self.snapshots = []
        self._measures = measures
        self._renew = renew
        self._pool = ThreadPoolExecutor(_THREADS)

    def snapshot(self):
        """Copy the variables as they are now; later calls compare with this."""
        self._set([array.copy() for array in self._arrays()])

    def restore(self, arrays):
        """Compare with these arrays from now on."""
        self._set(
            [
                array.astype(now.dtype)
                for array, now in zip(arrays, self._arrays(), strict=True)
            ]
        )

    def add(self, variables):
        """Watch more variables, compared at first with what they are now."""
        self.variables += variables
        self.readers += _backends.readers(variables)
        new = self._arrays()[len(self.snapshots) :]
        self._set(self.snapshots + [array.copy() for array in new])

    def measure(self):
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
            sums[piece.index] += row
        return sums

    def finish(self, results):
        """Turn results of `measure` into values; see `sums.values_and_flags`."""
        return values_and_flags(results, self._measures)

    def _arrays(self):
        return [_backends.host_array(read()) for read in self.readers]

    def _set(self, snapshots):
        self.snapshots = snapshots
        self._tasks = _shares(self._pieces())
        self._of_thread = threading.local()

    def _pieces(self):
        split = not needs_whole_tensors(self._measures)
        for index, snapshot in enumerate(self.snapshots):
            before = snapshot.reshape(-1)
            length = _PIECE if split else before.size
            for start in range(0, before.size, length):
                part = slice(start, start + length)
                old = before[part]
                yield _Piece(index, part, old.size, self._sums_against(old))

    def _sums_against(self, old):
        """A function that takes the sums between `old` and a vector of weights."""
        if RenewedL1.suits(old.dtype, self._measures, self._renew):
            return RenewedL1(old)
        return partial(self._sums, old)

    def _sums(self, old, now):
        if not hasattr(self._of_thread, "compare"):
            size = max(snapshot.size for snapshot in self.snapshots)
            self._of_thread.compare = Comparison(self._measures, self._renew, size)
        return self._of_thread.compare(old, now)


def _compare(pieces, weights):
    return [sums(weights[index][part]) for index, part, _, sums in pieces]


def _shares(pieces):
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

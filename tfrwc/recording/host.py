"""Snapshots and measures of weights in host memory.

On a CPU the weights are measured where they lie, by `blocks`. A compiler for
accelerators makes a poor job of it there: XLA on a CPU first writes each operand of
a reduction to memory.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfrwc.recording import _backends
from tfrwc.recording.blocks import compare, needs_whole_tensors, scratch
from tfrwc.recording.sums import values_and_flags

_PIECE = 1_048_576  # elements, into which larger tensors are cut
_THREADS = min(os.cpu_count() or 1, 8)


class HostMeasures:
    """Snapshots of some variables in host memory, and how far these are from them.

    It holds one copy of the variables.

    Args:
        variables: list of built `keras.Variable`.
        measures: names from `tfrwc.recording.sums.MEASURES`.
        renew: whether each comparison makes the present values the snapshots;
            otherwise those of the last call of `snapshot` stay.
    """

    def __init__(self, variables, measures, renew=True):
        self.variables = list(variables)
        self.snapshots = []
        self._measures = measures
        self._renew = renew
        self._pool = ThreadPoolExecutor(_THREADS)

    def snapshot(self):
        """Copy the variables as they are now; later calls compare with this."""
        self.snapshots = [_backends.host_array(v).copy() for v in self.variables]

    def restore(self, arrays):
        """Compare with these arrays from now on."""
        self.snapshots = [
            array.astype(_backends.host_array(v).dtype)
            for array, v in zip(arrays, self.variables, strict=True)
        ]

    def add(self, variables):
        """Watch more variables, compared at first with what they are now."""
        self.variables += variables
        self.snapshots += [_backends.host_array(v).copy() for v in variables]

    def measure(self):
        """Compare every variable with its snapshot.

        Returns:
            Sums, float64 (variables, sums), for `finish`.
        """
        pieces = list(self._pieces())
        ends = np.cumsum([now.size for _, _, now in pieces])
        if ends[-1] <= _PIECE:
            rows = self._compare(pieces)
        else:
            # Equal shares of the elements, a few per thread: with many small tasks the
            # threads would wait for one another.
            count = 2 * _THREADS
            shares = (ends - 1) * count // ends[-1]
            tasks = [
                [piece for piece, s in zip(pieces, shares, strict=True) if s == share]
                for share in range(count)
            ]
            rows = [
                row for rows in self._pool.map(self._compare, tasks) for row in rows
            ]
        sums = np.zeros((len(self.variables), len(rows[0])))
        for (index, _, _), row in zip(pieces, rows, strict=True):
            sums[index] += row
        return sums

    def finish(self, results):
        """Turn results of `measure` into values; see `sums.values_and_flags`."""
        return values_and_flags(results, self._measures)

    def _pieces(self):
        split = not needs_whole_tensors(self._measures)
        for index, variable in enumerate(self.variables):
            before = self.snapshots[index].reshape(-1)
            now = _backends.host_array(variable).reshape(-1)
            length = _PIECE if split else before.size
            for start in range(0, before.size, length):
                piece = slice(start, start + length)
                yield index, before[piece], now[piece]

    def _compare(self, pieces):
        memory = scratch()
        return [
            compare(before, now, self._measures, self._renew, memory)
            for _, before, now in pieces
        ]

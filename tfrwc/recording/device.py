"""Snapshots and measures on the accelerator.

Compiled calls reduce each tensor and its snapshot to a few sums, and make the next
snapshot; nothing else leaves the device, and the sums only when they are asked for.
One call takes some tensors of one shape: so a network of a thousand layers compiles
a program per shape and not one of a thousand parts, and the old snapshots of one
call are free before those of the next are made. The arithmetic is that of
`tfrwc.dynamics.measures`, in float32 (float64 for float64 weights), arranged so
that float32 keeps its digits.
"""

from math import prod

import keras
import numpy as np
from keras import ops

from tfrwc.recording import _backends
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.sums import values_and_flags

_TENSORS_PER_CALL = 16
_ELEMENTS_PER_CALL = 16_777_216


def _l1_sums(a, d):
    return ops.sum(ops.abs(d)), ops.sum(ops.abs(a))


def _l2_sums(a, d):
    return ops.sum(ops.square(d)), ops.sum(ops.square(a))


def _mean_sums(a, d):
    change = ops.abs(d)
    ratios = ops.sum(change / ops.abs(a))
    return ops.sum(change), ratios, ops.full_like(ratios, prod(a.shape))


def _median_sums(a, d):
    magnitude, change = ops.reshape(ops.abs(a), (-1,)), ops.reshape(ops.abs(d), (-1,))
    # Elements that stay at zero do not count; they are sorted to the end.
    stays = ops.logical_and(ops.equal(magnitude, 0), ops.equal(change, 0))
    infinity = ops.full_like(change, np.inf)
    ratios = ops.sort(ops.where(stays, infinity, change / magnitude))
    count = prod(a.shape) - ops.sum(ops.cast(stays, "int32"))
    last = ops.maximum(count - 1, 0)
    low = ops.take(ratios, last // 2)
    high = ops.take(ratios, ops.minimum(count // 2, last))
    return ops.sum(change), (low + high) / 2


def _cosine_sums(a, d):
    # The part of the change that lies across the old weights gives the sine.
    b = a + d
    aa = ops.sum(ops.square(a))
    along = ops.sum(a * d) / ops.where(ops.equal(aa, 0), ops.ones_like(aa), aa)
    across = ops.sum(ops.square(d - along * a))
    return across, aa, ops.sum(ops.square(b)), ops.sum(a * b)


_SUMS = {
    "l1_ratio": _l1_sums,
    "l2_ratio": _l2_sums,
    "elementwise_mean": _mean_sums,
    "elementwise_median": _median_sums,
    "cosine": _cosine_sums,
}


def measures_of(variables, measures, renew):
    """`HostMeasures` or `DeviceMeasures`, by where the variables are."""
    on_host = _backends.in_host_memory(variables)
    return (HostMeasures if on_host else DeviceMeasures)(variables, measures, renew)


class DeviceMeasures:
    """As `HostMeasures`, for variables on a device: one copy of them stays there."""

    def __init__(self, variables, measures, renew=True):
        self.variables = list(variables)
        self.readers = _backends.readers(self.variables)
        self.snapshots = []
        self._measures = measures
        self._renew = renew
        self._sum = _backends.compiled(self._sums)
        self._sum_and_copy = _backends.compiled(self._sums_and_copies, donate=True)
        self._calls = []

    def snapshot(self):
        self.snapshots = [ops.copy(read()) for read in self.readers]
        self._calls = list(_calls(self.snapshots))

    def restore(self, arrays):
        self.snapshot()
        self.snapshots = [
            ops.convert_to_tensor(array, dtype=variable.dtype)
            for array, variable in zip(arrays, self.variables, strict=True)
        ]

    def add(self, variables):
        self.variables += variables
        new = _backends.readers(variables)
        self.readers += new
        self.snapshots += [ops.copy(read()) for read in new]
        self._calls = list(_calls(self.snapshots))

    def measure(self):
        """Compare every variable with its snapshot.

        Returns:
            A list of tensors on the device, for `finish`.
        """
        results = []
        for call in self._calls:
            current = [self.readers[i]() for i in call]
            snapshots = [self.snapshots[i] for i in call]
            if self._renew:
                sums, copies = self._sum_and_copy(snapshots, current)
                for i, copy in zip(call, copies, strict=True):
                    self.snapshots[i] = copy
            else:
                sums = self._sum(snapshots, current)
            results.append(sums)
        return results

    def finish(self, results):
        """Fetch results of `measure` and turn them into values.

        Returns:
            As `sums.values_and_flags`.
        """
        parts = [
            ops.convert_to_numpy(ops.stack(part)) for part in zip(*results, strict=True)
        ]
        sums = np.empty((len(results), len(self.variables), parts[0].shape[-1]))
        for call, part in zip(self._calls, parts, strict=True):
            sums[:, call] = part
        return values_and_flags(sums, self._measures)

    def _sums(self, snapshots, current):
        return ops.stack(
            [
                self._sums_of(before, now)
                for before, now in zip(snapshots, current, strict=True)
            ]
        )

    def _sums_and_copies(self, snapshots, current):
        # Copies, because a shared or donated buffer would change under them.
        return self._sums(snapshots, current), [ops.copy(now) for now in current]

    def _sums_of(self, before, now):
        dtype = keras.backend.standardize_dtype(before.dtype)
        if dtype not in ("float32", "float64"):
            before, now = ops.cast(before, "float32"), ops.cast(now, "float32")
        change = now - before
        sums = [s for name in self._measures for s in _SUMS[name](before, change)]
        return ops.stack([ops.cast(s, "float32") for s in sums])


def _calls(tensors):
    """Which tensors one compiled call takes: lists of their numbers."""
    by_shape = {}
    for i, tensor in enumerate(tensors):
        kind = (tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype))
        by_shape.setdefault(kind, []).append(i)
    for (shape, _), numbers in by_shape.items():
        length = max(1, min(_TENSORS_PER_CALL, _ELEMENTS_PER_CALL // prod(shape)))
        for start in range(0, len(numbers), length):
            yield numbers[start : start + length]

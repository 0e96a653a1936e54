"""Snapshots and measures on the accelerator.

All watched tensors are compared with their snapshots in one compiled call. It
returns a few sums per tensor in one small array, and the next snapshots; nothing
else leaves the device. The sums become values on the host, for all tensors at once
(`finish`). The arithmetic is that of `tfrwc.dynamics.measures`, on the device in
float32 (float64 for float64 weights), arranged so that float32 keeps its digits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import ops

from tfrwc.recording.recording import Flag


@dataclass(frozen=True)
class _Measure:
    """How a measure is computed.

    Attributes:
        sums: from the weights before and their change, scalars on the device; the
            first is finite just where all these weights are.
        count: how many scalars.
        value: from these scalars, float64 vectors over the tensors, the values; a
            zero denominator must give inf or NaN.
    """

    sums: Callable
    count: int
    value: Callable


def _l1_sums(a, d):
    return ops.sum(ops.abs(d)), ops.sum(ops.abs(a))


def _l2_sums(a, d):
    return ops.sum(ops.square(d)), ops.sum(ops.square(a))


def _mean_sums(a, d):
    magnitude, change = ops.abs(a), ops.abs(d)
    return ops.sum(change), ops.mean(change / magnitude), ops.min(magnitude)


def _median_sums(a, d):
    magnitude, change = ops.reshape(ops.abs(a), (-1,)), ops.reshape(ops.abs(d), (-1,))
    # Elements that stay at zero do not count; they are sorted to the end.
    stays = ops.logical_and(ops.equal(magnitude, 0), ops.equal(change, 0))
    infinity = ops.full_like(change, np.inf)
    ratios = ops.sort(ops.where(stays, infinity, change / magnitude))
    count = int(np.prod(a.shape)) - ops.sum(ops.cast(stays, "int32"))
    last = ops.maximum(count - 1, 0)
    low = ops.take(ratios, last // 2)
    high = ops.take(ratios, ops.minimum(count // 2, last))
    return ops.sum(change), (low + high) / 2


def _cosine_sums(a, d):
    # 1 - cos cancels in float32 when the angle is small. The part of the change
    # that lies across the old weights, d - (a·d / a·a) a, gives the sine instead.
    b = a + d
    aa = ops.sum(ops.square(a))
    along = ops.sum(a * d) / ops.where(ops.equal(aa, 0), ops.ones_like(aa), aa)
    across = ops.sum(ops.square(d - along * a))
    return across, aa, ops.sum(ops.square(b)), ops.sum(a * b)


def _cosine_value(across, aa, bb, ab):
    cosine = ab / (np.sqrt(aa) * np.sqrt(bb))
    return np.where(cosine > 0, across / bb / (1 + np.maximum(cosine, 0)), 1 - cosine)


_MEASURES = {
    "l1_ratio": _Measure(_l1_sums, 2, np.divide),
    "l2_ratio": _Measure(_l2_sums, 2, lambda dd, aa: np.sqrt(dd) / np.sqrt(aa)),
    "elementwise_mean": _Measure(
        _mean_sums, 3, lambda _, mean, least: np.where(least > 0, mean, np.nan)
    ),
    "elementwise_median": _Measure(_median_sums, 2, lambda _, median: median),
    "cosine": _Measure(_cosine_sums, 4, _cosine_value),
}
MEASURES = tuple(_MEASURES)


class DeviceMeasures:
    """Snapshots of some variables, and how far the variables are from them.

    It holds one copy of the variables on the device.

    Args:
        variables: list of built `keras.Variable`.
        measures: names from `MEASURES`.
        renew: whether each comparison makes the present values the snapshots;
            otherwise those of the last call of `snapshot` stay.
    """

    def __init__(self, variables, measures, renew=True):
        self.variables = list(variables)
        self._measures = [_MEASURES[name] for name in measures]
        self._renew = renew
        self._compare = _compiled(self._compare_all)
        self._snapshots = None

    def snapshot(self):
        """Copy the variables as they are now; later calls compare with this."""
        self._snapshots = [ops.copy(variable.value) for variable in self.variables]

    def add(self, variables):
        """Watch more variables, compared at first with what they are now."""
        self.variables += variables
        self._snapshots += [ops.copy(variable.value) for variable in variables]

    def measure(self):
        """Compare every variable with its snapshot.

        Returns:
            A vector on the device, for `finish`.
        """
        current = [variable.value for variable in self.variables]
        sums, copies = self._compare(self._snapshots, current)
        if self._renew:
            self._snapshots = copies
        return sums

    def finish(self, device_vectors):
        """Fetch results of `measure`, in one transfer, and turn them into values.

        Returns:
            values, float32 (results, measures, variables), NaN where flags, uint8 of
            the same shape, hold a `Flag` other than OK.
        """
        sums = ops.convert_to_numpy(ops.stack(device_vectors))
        sums = np.asarray(sums, np.float64).reshape(
            len(device_vectors), len(self.variables), -1
        )
        values, flags, first = [], [], 0
        for measure in self._measures:
            columns = np.moveaxis(sums[..., first : first + measure.count], -1, 0)
            first += measure.count
            with np.errstate(all="ignore"):
                value = measure.value(*columns)
            finite = np.isfinite(columns[0])
            flag = np.where(finite, Flag.ZERO_DENOMINATOR, Flag.NON_FINITE)
            known = finite & np.isfinite(value)
            flags.append(np.where(known, Flag.OK, flag))
            values.append(np.where(known, value, np.nan))
        return (
            np.stack(values, axis=1).astype(np.float32),
            np.stack(flags, axis=1).astype(np.uint8),
        )

    def _compare_all(self, snapshots, current):
        sums = []
        for before, now in zip(snapshots, current, strict=True):
            dtype = keras.backend.standardize_dtype(before.dtype)
            if dtype not in ("float32", "float64"):
                before, now = ops.cast(before, "float32"), ops.cast(now, "float32")
            change = now - before
            for measure in self._measures:
                scalars = measure.sums(before, change)
                if dtype == "float64":
                    scalars = [ops.cast(scalar, "float32") for scalar in scalars]
                sums += scalars
        # Copies, because a shared or donated buffer would change under them.
        copies = [ops.copy(now) for now in current] if self._renew else []
        return ops.stack(sums), copies


def _compiled(function):
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        compiled = tf.function(function, autograph=False)
        # One function per callback and model: many of them are no mistake.
        compiled._omit_frequent_tracing_warning = True
        return compiled
    if backend == "jax":
        import jax

        return jax.jit(function)
    return function

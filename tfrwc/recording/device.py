"""Snapshots and measures on the accelerator.

All watched tensors are compared with their snapshots in one compiled call, which
returns one small array and the next snapshots; nothing else leaves the device.
The arithmetic is that of `tfrwc.dynamics.measures`, in float32 (float64 for
float64 weights), rearranged where float32 would lose digits.
"""

import keras
import numpy as np
from keras import ops

# Every measure is at least 0, so a negative number can carry a reason.
ZERO_DENOMINATOR = -1.0


def _total(x):
    return ops.sum(x)


def _ratio(numerator, denominator):
    zero = ops.equal(denominator, 0)
    quotient = numerator / ops.where(zero, ops.ones_like(denominator), denominator)
    # A non-finite change stays what it is, also over a zero denominator.
    return ops.where(
        ops.logical_and(zero, ops.isfinite(numerator)),
        ops.full_like(quotient, ZERO_DENOMINATOR),
        quotient,
    )


def _l1_ratio(a, d):
    return _ratio(_total(ops.abs(d)), _total(ops.abs(a)))


def _l2_ratio(a, d):
    return _ratio(ops.sqrt(_total(d * d)), ops.sqrt(_total(a * a)))


def _elementwise_mean(a, d):
    magnitude = ops.abs(a)
    change = ops.abs(d)
    mean = ops.mean(change / magnitude)
    has_zero = ops.logical_and(
        ops.equal(ops.min(magnitude), 0), ops.isfinite(_total(change))
    )
    return ops.where(has_zero, ops.full_like(mean, ZERO_DENOMINATOR), mean)


def _elementwise_median(a, d):
    magnitude = ops.reshape(ops.abs(a), (-1,))
    change = ops.reshape(ops.abs(d), (-1,))
    undefined = ops.logical_and(ops.equal(magnitude, 0), ops.equal(change, 0))
    infinity = ops.full_like(change, np.inf)
    ratios = ops.sort(ops.where(undefined, infinity, change / magnitude))
    # Undefined elements (0 / 0) sit at the end and are not counted.
    n = ops.size(ratios) - ops.sum(ops.cast(undefined, "int32"))
    last = ops.maximum(n - 1, 0)
    low = ops.take(ratios, last // 2)
    high = ops.take(ratios, ops.minimum(n // 2, last))
    median = (low + high) / 2
    return ops.where(
        ops.isfinite(_total(change)),
        ops.where(
            ops.isfinite(median), median, ops.full_like(median, ZERO_DENOMINATOR)
        ),
        ops.full_like(median, np.nan),
    )


def _cosine(a, d):
    # 1 - cos cancels in float32 when the angle is small. With c the part of the
    # change along the old weights, sin² = ‖d - c a‖² / ‖a + d‖² does not.
    b = a + d
    aa, bb = _total(a * a), _total(b * b)
    zero = ops.logical_or(ops.equal(aa, 0), ops.equal(bb, 0))
    one = ops.ones_like(aa)
    safe_aa, safe_bb = ops.where(zero, one, aa), ops.where(zero, one, bb)
    across = d - (_total(a * d) / safe_aa) * a
    sine2 = _total(across * across) / safe_bb
    cosine = _total(a * b) / (ops.sqrt(safe_aa) * ops.sqrt(safe_bb))
    small = sine2 / (1 + ops.maximum(cosine, 0))
    distance = ops.where(ops.greater(cosine, 0), small, 1 - cosine)
    return ops.where(zero, ops.full_like(aa, ZERO_DENOMINATOR), distance)


MEASURES = {
    "l1_ratio": _l1_ratio,
    "l2_ratio": _l2_ratio,
    "elementwise_mean": _elementwise_mean,
    "elementwise_median": _elementwise_median,
    "cosine": _cosine,
}


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
        self._functions = [MEASURES[name] for name in measures]
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
            A device array (measures, variables) of float32, in which -1 marks a
            zero denominator and anything not finite marks weights that are not.
        """
        current = [variable.value for variable in self.variables]
        values, copies = self._compare(self._snapshots, current)
        if self._renew:
            self._snapshots = copies
        return values

    def _compare_all(self, snapshots, current):
        columns = []
        for before, now in zip(snapshots, current, strict=True):
            dtype = "float64" if "float64" in str(now.dtype) else "float32"
            before, now = ops.cast(before, dtype), ops.cast(now, dtype)
            change = now - before
            columns.append(
                ops.stack(
                    [ops.cast(f(before, change), "float32") for f in self._functions]
                )
            )
        # Copies, because a shared or donated buffer would change under them.
        copies = [ops.copy(now) for now in current] if self._renew else []
        return ops.stack(columns, axis=1), copies


def fetch(device_arrays) -> np.ndarray:
    """Bring several results of `measure` to the host in one transfer.

    Returns:
        float32 array (results, measures, variables).
    """
    return np.asarray(ops.convert_to_numpy(ops.stack(device_arrays)), np.float32)


def _compiled(function):
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, autograph=False)
    if backend == "jax":
        import jax

        return jax.jit(function)
    return function

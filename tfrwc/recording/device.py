"""Snapshots and measures on the accelerator.

Compiled calls reduce each tensor and its snapshot to a few sums, and make the next
snapshot; nothing else leaves the device, and the sums only when they are asked for.
One call takes some tensors of one shape: so a network of a thousand layers compiles
a program per shape and not one of a thousand parts, and the old snapshots of one
call are free before those of the next are made. The arithmetic is that of
`tfrwc.recording.measures`, in float32 (float64 for float64 weights), arranged so
that float32 keeps its digits.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from tfrwc.recording import backends
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.measures import lookup
from tfrwc.recording.sums import values_and_flags

_TENSORS_PER_CALL = 16
_ELEMENTS_PER_CALL = 16_777_216


def measures_of(
    variables: list[Any], measures: Iterable[str], renew: bool
) -> "HostMeasures | DeviceMeasures":
    """`HostMeasures` or `DeviceMeasures`, by where the variables are."""
    on_host = backends.in_host_memory(variables)
    return (HostMeasures if on_host else DeviceMeasures)(variables, measures, renew)


class DeviceMeasures:
    """As `HostMeasures`, for variables on a device: one copy of them stays there."""

    def __init__(
        self, variables: Iterable[Any], measures: Iterable[str], renew: bool = True
    ) -> None:
        self.variables = list(variables)
        self.readers = backends.readers(self.variables)
        self.snapshots: list[Any] = []
        self._measures = lookup(measures)
        self._device_sums = [measure.device_sums for measure in self._measures]
        self.renews = renew
        self._sum = backends.compiled(self._sums)
        self._sum_and_copy = backends.compiled(self._sums_and_copies, donate=True)
        self._calls: list[list[int]] = []

    def snapshot(self) -> None:
        self.snapshots = [ops.copy(read()) for read in self.readers]
        self._calls = list(_calls(self.snapshots))

    def restore(self, arrays: Iterable[npt.NDArray[Any]]) -> None:
        self.snapshot()
        self.snapshots = [
            ops.convert_to_tensor(array, dtype=variable.dtype)
            for array, variable in zip(arrays, self.variables, strict=True)
        ]

    def add(self, variables: list[Any]) -> None:
        self.variables += variables
        new = backends.readers(variables)
        self.readers += new
        self.snapshots += [ops.copy(read()) for read in new]
        self._calls = list(_calls(self.snapshots))

    def measure(self) -> list[Any]:
        """Compare every variable with its snapshot.

        Returns:
            A list of tensors on the device, for `finish`.
        """
        results = []
        for call in self._calls:
            current = [self.readers[i]() for i in call]
            snapshots = [self.snapshots[i] for i in call]
            if self.renews:
                sums, copies = self._sum_and_copy(snapshots, current)
                for i, copy in zip(call, copies, strict=True):
                    self.snapshots[i] = copy
            else:
                sums = self._sum(snapshots, current)
            results.append(sums)
        return results

    def finish(
        self, results: Sequence[Any]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
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

    def _sums(self, snapshots: list[Any], current: list[Any]) -> Any:
        return ops.stack(
            [
                ops.stack(sums_of(ops, self._device_sums, before, now))
                for before, now in zip(snapshots, current, strict=True)
            ]
        )

    def _sums_and_copies(
        self, snapshots: list[Any], current: list[Any]
    ) -> tuple[Any, list[Any]]:
        # Copies, because a shared or donated buffer would change under them.
        return self._sums(snapshots, current), [ops.copy(now) for now in current]


def sums_of(
    ops: Any, device_sums: Sequence[Callable[..., Any]], before: Any, now: Any
) -> list[Any]:
    """All sums of one tensor, in float32."""
    dtype = keras.backend.standardize_dtype(before.dtype)
    if dtype not in ("float32", "float64"):
        before, now = ops.cast(before, "float32"), ops.cast(now, "float32")
    change = now - before
    return [
        ops.cast(value, "float32")
        for sums in device_sums
        for value in sums(ops, before, now, change)
    ]


def _calls(tensors: Iterable[Any]) -> Iterator[list[int]]:
    """Which tensors one compiled call takes: lists of their numbers."""
    by_shape: dict[tuple[tuple[int, ...], str], list[int]] = {}
    for i, tensor in enumerate(tensors):
        kind = (tuple(tensor.shape), keras.backend.standardize_dtype(tensor.dtype))
        by_shape.setdefault(kind, []).append(i)
    for (shape, _), numbers in by_shape.items():
        length = max(1, min(_TENSORS_PER_CALL, _ELEMENTS_PER_CALL // prod(shape)))
        for start in range(0, len(numbers), length):
            yield numbers[start : start + length]

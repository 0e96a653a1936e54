"""Records whose numbers are not fetched from the device yet."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.names import display_names, some_names
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import Flag


class PendingRecords:
    """Collects what is measured, so that training need not wait for the device."""

    def __init__(self) -> None:
        self._records: list[tuple[int, int, Any, dict[str, float]]] = []
        self._warned = False

    def add(self, step: int, epoch: int, sums: Any, logs: dict[str, float]) -> None:
        """Add a record, with the sums as `measure` of the weights returned them."""
        self._records.append((step, epoch, sums, logs))

    def move_to(
        self, recording: Recording, weights: HostMeasures | DeviceMeasures
    ) -> None:
        """Fetch the sums and append the records to a recording.

        Warns:
            RuntimeWarning: the first time that weights are not finite.
        """
        if not self._records:
            return
        records, self._records = self._records, []
        values, flags = weights.finish([sums for _, _, sums, _ in records])
        for (step, epoch, _, logs), value, flag in zip(
            records, values, flags, strict=True
        ):
            recording.append(step, epoch, value, flag, logs)
        not_finite = (flags == Flag.NON_FINITE).any(axis=(0, 1))
        if not_finite.any() and not self._warned:
            self._warned = True
            _warn_of_weights(recording, not_finite, epoch=records[-1][1])


def _warn_of_weights(
    recording: Recording, not_finite: npt.NDArray[np.bool_], epoch: int
) -> None:
    every = display_names(recording.layers)
    names = [name for name, odd in zip(every, not_finite, strict=True) if odd]
    warnings.warn(
        f"Weights that are not finite by epoch {epoch}, recorded as NaN, in "
        f"{some_names(names)}. Training goes on; this is said once.",
        RuntimeWarning,
        stacklevel=3,
    )

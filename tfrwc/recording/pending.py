"""Records whose numbers are not fetched from the device yet."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.logs import LogReader, fetched
from tfrwc.recording.names import display_names, some_names
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import Flag, Record
from tfrwc.recording.step_sums import StepSums


class _Measured(NamedTuple):
    """A record whose sums are still on the device.

    Attributes:
        logs: numbers, or tensors of one; or several logs that nothing changes any more,
            out of which the numbers are still to be taken.
        begins_anew: whether weights were set from outside since the record before.
        gone: numbers of tensors that the model has no longer.
    """

    step: int
    epoch: int
    sums: Any
    logs: dict[str, Any] | tuple[Any, ...]
    begins_anew: bool
    gone: list[int]


class PendingRecords:
    """Collects what is measured, so that training need not wait for the device."""

    def __init__(self) -> None:
        self._records: list[_Measured] = []
        self._warned = False
        self._logs = LogReader()
        self._begins_anew = False
        self._gone: list[int] = []

    def begin_anew(self) -> None:
        """Mark the next record as one of weights that were set from outside."""
        self._begins_anew = True

    def leave_out(self, gone: list[int]) -> None:
        """Leave tensors, by number, out of the records from here on."""
        self._gone = gone

    @property
    def leaves_out(self) -> bool:
        """Whether tensors are left out of the records."""
        return bool(self._gone)

    def add(
        self, step: int, epoch: int, sums: Any, *logs: Any, unchanging: bool = False
    ) -> None:
        """Add a record.

        Args:
            step: optimizer updates done.
            epoch: that it ends or lies in, from 1.
            sums: as `measure` of the weights returned them.
            logs: one or several; where names are equal, the first is taken.
            unchanging: whether they stay as they are, so that they can be read later.
        """
        read = logs if unchanging else self._numbers(logs)
        self._records.append(
            _Measured(step, epoch, sums, read, self._begins_anew, self._gone)
        )
        self._begins_anew = False

    def numbers(self, logs: Any) -> dict[str, float]:
        """The numbers of logs, whatever else is in them."""
        return fetched(self._logs.numbers(logs))

    def _numbers(self, logs: tuple[Any, ...]) -> dict[str, Any]:
        numbers: dict[str, Any] = {}
        for each in logs:
            numbers = {**numbers, **self._logs.numbers(each), **numbers}
        return numbers

    def _logs_of(self, record: _Measured) -> dict[str, float]:
        logs = record.logs
        return fetched(self._numbers(logs) if isinstance(logs, tuple) else logs)

    def move_to(
        self,
        recording: Recording,
        weights: HostMeasures | DeviceMeasures | StepSums,
    ) -> None:
        """Fetch the sums and append the records to a recording.

        Warns:
            RuntimeWarning: the first time that weights are not finite.
        """
        if not self._records:
            return
        records, self._records = self._records, []
        sums = [record.sums for record in records]
        values, flags = weights.finish(sums)
        logs = [self._logs_of(record) for record in records]
        if isinstance(weights, StepSums):
            more = weights.logs(sums)
            logs = [{**a, **b, **a} for a, b in zip(logs, more, strict=True)]
        for record, value, flag in zip(records, values, flags, strict=True):
            if record.begins_anew:
                flag[flag == Flag.OK] = Flag.SET_FROM_OUTSIDE
            value[:, record.gone], flag[:, record.gone] = np.nan, Flag.NOT_WATCHED
        recording.extend(
            Record(record.step, record.epoch, value, flag, numbers)
            for record, value, flag, numbers in zip(
                records, values, flags, logs, strict=True
            )
        )
        not_finite = (flags == Flag.NON_FINITE).any(axis=(0, 1))
        if not_finite.any() and not self._warned:
            self._warned = True
            _warn_of_weights(recording, not_finite, epoch=records[-1].epoch)


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

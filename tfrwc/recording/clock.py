"""The clock of a recording: optimizer updates, over all calls of `fit`.

Reading the optimizer's count makes the host wait for the device. So batches are
counted, and the count is read only where a record may be due and they do not tell it.
"""

import warnings

from tfrwc.recording.counters import Counters
from tfrwc.recording.schedule import Schedule


class Clock:
    """Counts updates, and the batches since the last record.

    Args:
        schedule: of the records; see `tfrwc.recording.schedule`.

    Attributes:
        step: updates done when they were last counted.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._steps_before = 0  # by optimizers that `compile` has replaced since
        self.step = 0

    def start(self, counters: Counters) -> None:
        """Begin a `fit`, with the counters of its optimizer."""
        self._counters = counters
        # The count of a new optimizer begins at 0; that of the recording goes on.
        self._steps_before += max(self.step - self.read(), 0)
        self.step, self._unread = self.read(), 0
        self._counts_batches = counters.updates_with_each_batch
        self.start_interval()

    def start_epoch(self) -> None:
        """Begin an epoch, in which Keras counts batches from 0."""
        self._last_batch = -1

    def start_interval(self) -> None:
        """Begin to count anew, after a record."""
        self._batches: float = 0
        if self._counters.scales_loss:
            self._applied = self._counters.applied_batches()

    def read(self) -> int:
        """Updates by the optimizer's own count."""
        return self._steps_before + self._counters.updates()

    def skipped_batches(self) -> float:
        """Batches since the last record that made no update; NaN if unknown."""
        return self._batches - (self._counters.applied_batches() - self._applied)

    def due_after_batch(self, batch: int, in_epoch: int | None) -> bool:
        """Count a batch, and tell whether a record is due after it.

        Args:
            batch: Keras' number of the batch. It jumps with steps_per_execution, at
                the end of an epoch too far, and starts anew in each epoch.
            in_epoch: number of batches in an epoch; None if unknown.
        """
        batch = batch if in_epoch is None else min(batch, in_epoch - 1)
        batches = batch - self._last_batch if batch > self._last_batch else batch + 1
        self._last_batch = batch
        self._batches += batches
        self._unread += batches
        # A batch makes one update at most: where even that many would not reach a
        # record, the count need not be read.
        step = self.step + self._unread
        if not self._schedule.due(self.step, step):
            return False
        if not self._counts_batches:
            step = self.read()
        due = self._schedule.due(self.step, step)
        self.step, self._unread = step, 0
        return due

    def count_epoch(self, batches: int | None) -> None:
        """Count the batches of an epoch, or None where they are not known."""
        self._batches += float("nan") if batches is None else batches

    def check(self, epoch: int) -> None:
        """Read the optimizer's count at the end of an epoch.

        Warns:
            RuntimeWarning: if batches were counted for updates, and are not.
        """
        counted, self.step = self.step + self._unread, self.read()
        self._unread = 0
        if not (self._counts_batches and self._schedule.unit == "step"):
            return
        self._counts_batches = counted == self.step
        if not self._counts_batches:
            warnings.warn(
                f"The optimizer is at step {self.step} at the end of epoch {epoch}, "
                f"but {counted} were counted, one for each batch. Something else moved "
                "its count; the steps of records within this epoch may be off. From "
                "here on it is read at each of them.",
                RuntimeWarning,
                stacklevel=3,
            )

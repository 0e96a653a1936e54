"""The clock of a recording: optimizer updates, over all calls of `fit`.

Reading the optimizer's count makes the host wait for the device. So batches are
counted, and the count is read only where a record may be due and they do not tell it.

Where the model's own optimizer does not move, since others train the model, or since
it has none, batches are the clock.
"""

import warnings
from collections.abc import Callable
from itertools import count
from numbers import Integral

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
        # Steps that the present optimizer has not counted.
        self._offset = 0
        self.step = 0
        self.start_epoch()

    def resume(self, step: int) -> None:
        """Go on with a recording from this step."""
        self.step = step

    def start(self, counters: Counters, weights_moved: Callable[[], bool]) -> None:
        """Begin a `fit`.

        Args:
            counters: of its optimizers.
            weights_moved: function that tells whether trained weights have changed
                since now.
        """
        self._counters, self._weights_moved = counters, weights_moved
        # The count of a new optimizer begins at 0; that of the recording goes on.
        self._offset = max(self._offset, self.step - counters.updates())
        self.step, self._unread = self._read(), 0
        self._counts_batches = counters.updates_with_each_batch
        self._is_sure = False
        self.start_interval()

    def start_epoch(self) -> None:
        """Begin an epoch, in which Keras counts batches from 0."""
        self._last_batch = -1
        self._by_batches = False
        # Of a C object, so that threads may count with it.
        self._calls = count()

    def start_interval(self) -> None:
        """Begin to count anew, after a record."""
        self._batches: float = 0
        if self._counters.scales_loss:
            self._applied = self._counters.applied_batches()

    def is_rewound(self, counters: Counters) -> bool:
        """Whether these optimizers are at an earlier update than those before."""
        return counters.updates() < self.step - self._offset

    def has_just_recorded(self) -> bool:
        """Whether there was no batch since the last record."""
        return self._batches == 0

    def _read(self) -> int:
        """Updates by the optimizer's own count, which may be set back."""
        updates = self._counters.updates()
        self._offset = max(self._offset, self.step - updates)
        return self._offset + updates

    def skipped_batches(self) -> float:
        """Batches since the last record that made no update; NaN if unknown."""
        return self._batches - (self._counters.applied_batches() - self._applied)

    def count_call(self, *_: object, **__: object) -> None:
        """Count a call of the batch hook, in any thread."""
        next(self._calls)

    def due_after_batch(self, batch: int, in_epoch: int | None) -> bool:
        """Count a batch, and tell whether a record is due after it.

        Args:
            batch: Keras' number of the batch. It jumps with steps_per_execution, at
                the end of an epoch too far, and starts anew in each epoch.
            in_epoch: number of batches in an epoch; None if unknown.
        """
        batches = self._new_batches(batch, in_epoch)
        self._batches += batches
        self._unread += batches
        if self._counts_batches and not self._is_sure:
            # Once in a fit: a loop by hand need not do as `fit` does.
            self._is_sure = True
            self._counts_batches = self._read() == self.step + self._unread
        # A batch makes one update at most: where even that many would not reach a
        # record, the count need not be read.
        step = self.step + self._unread
        if not self._schedule.due(self.step, step):
            return False
        last = self.step
        if self._counts_batches:
            self.step, self._unread = step, 0
        else:
            self._read_or_count()
        return self.step > last and bool(self._schedule.due(last, self.step))

    def count_update(self) -> bool:
        """Count a batch as an update, where batches are certain to be updates.

        Returns:
            Whether they are; if not, nothing is counted.
        """
        if not (self._counts_batches and self._is_sure) or self._unread:
            return False
        self.step += 1
        self._batches += 1
        return True

    def _new_batches(self, batch: int, in_epoch: int | None) -> int:
        if not isinstance(batch, Integral):  # of a loop by hand
            return 1
        batch = int(batch) if in_epoch is None else min(int(batch), in_epoch - 1)
        jump = batch - self._last_batch if batch > self._last_batch else batch + 1
        self._last_batch = batch
        return max(min(jump, self._counters.batches_per_call), 1)

    def _read_or_count(self) -> None:
        """Bring `step` up to date where batches may not tell it."""
        step = self.step if self._by_batches else self._read()
        if step == self.step and not self._by_batches:
            counters = self._counters
            # A loss that overflowed, or gradients that are gathered over some batches,
            # leave the weights as they are.
            self._by_batches = not counters.own_moved() and (
                counters.others_moved() or self._weights_moved()
            )
        if self._by_batches:
            self._count_batches(self._unread)
        elif step != self.step:
            self.step, self._unread = step, 0

    def warn_of_no_record(self, epochs: int) -> None:
        """Say that the schedule asked for no record in so many epochs."""
        warnings.warn(
            f"Nothing was recorded: {self._schedule!r} asked for no record in epochs 1 "
            f"to {epochs}, which ended at optimizer step {self.step}. Give `every` a "
            "smaller number.",
            RuntimeWarning,
            stacklevel=3,
        )

    def _is_at_rest(self) -> bool:
        """Whether an epoch without an update may have been one for the weights too."""
        return self._counters.own_moved() and not self._counters.others_moved()

    def _count_batches(self, batches: int) -> None:
        self.step += batches
        self._offset += batches
        self._unread = 0

    def end_epoch(self, epoch: int, batches: int | None) -> None:
        """Read the optimizer's count at the end of an epoch.

        Args:
            epoch: its number.
            batches: in an epoch; None where they are not known.

        Warns:
            RuntimeWarning: if batches were counted for updates, and are not.
        """
        by_epoch = self._schedule.unit == "epoch"
        if by_epoch:
            # Another callback may have stopped the epoch in the middle.
            calls = next(self._calls) * self._counters.batches_per_call
            self._unread = min(calls, batches or calls) or batches or 0
            self._batches += self._unread or float("nan")
        counted, step = self.step + self._unread, self._read()
        if not by_epoch and self._counts_batches and self._is_sure:
            self._counts_batches = counted == step
            if not self._counts_batches:
                _warn(step, epoch, counted)
        if self._by_batches:
            self._count_batches(self._unread)
            # Should the optimizer have moved as well, it is not counted twice.
            self._offset = self.step - self._counters.updates()
        elif step == self.step and self._unread and not self._is_at_rest():
            self._count_batches(self._unread)
        else:
            self.step, self._unread = step, 0


def _warn(step: int, epoch: int, counted: int) -> None:
    warnings.warn(
        f"The optimizer is at step {step} at the end of epoch {epoch}, but {counted} "
        "were counted, one for each batch. Something else moved its count; the steps "
        "of records within this epoch may be off. From here on it is read at each of "
        "them.",
        RuntimeWarning,
        stacklevel=4,
    )

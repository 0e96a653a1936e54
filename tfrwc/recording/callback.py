"""`RWCCallback`: record how much each layer changes during `fit`."""

import os
from collections.abc import Iterable
from functools import partial
from typing import Any

import pandas as pd

from tfrwc._common.checks import one_of
from tfrwc.compat.extras import keras_backend
from tfrwc.recording import backends
from tfrwc.recording.by_hand import Fit, check_built
from tfrwc.recording.clock import Clock
from tfrwc.recording.counters import Counters
from tfrwc.recording.device import measures_of
from tfrwc.recording.epochs import EpochCounter
from tfrwc.recording.first_step import build_before_first_step
from tfrwc.recording.last_seen import LastSeen
from tfrwc.recording.measures import check_measures
from tfrwc.recording.pending import PendingRecords
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import REFERENCES
from tfrwc.recording.resuming import check_goes_on, step_of_model
from tfrwc.recording.schedule import Schedule, as_schedule, description
from tfrwc.recording.store import Store, check_same
from tfrwc.recording.watch import (
    Tensor,
    Watch,
    check_watch,
    explain,
    layer_table,
    watched,
)
from tfrwc.recording.writing import try_to_write

with keras_backend():
    import keras

Logs = dict[str, Any] | None


class RWCCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Records the relative change of each layer's weights while a model trains.

    A record holds, for each measure, one number per watched tensor. That of
    ``l1_ratio`` is sum |d| / sum |w|, for the weights w at the record before and their
    change d since (Agrawal et al., arXiv:2011.06735, eq. 1). A number without meaning
    is NaN, and `Recording.flags` says why: a denominator of zero, or weights that are
    not finite.

    >>> callback = RWCCallback("run.parquet")
    >>> model.fit(x, y, epochs=10, callbacks=[callback])  # doctest: +SKIP
    >>> callback.recording.values("l1_ratio").shape  # doctest: +SKIP
    (10, 21)

    Several calls of `fit` with one callback make one recording. A `path` that holds a
    recording already is gone on with, if the model has been restored to where it
    stopped. Put this callback before `keras.callbacks.BackupAndRestore`, so that a
    record is on disk before the backup after it.

    Args:
        path: str or path of the Parquet file to write, at the end of each epoch, and
            with a schedule of steps at each record. None keeps the recording in
            memory.
        every: when to record: ``"epoch"``, an int (optimizer steps between records), a
            list of steps, or a schedule such as `tfrwc.recording.LogarithmicSteps`.
        measures: a name, or several, of `tfrwc.recording.measures`: ``"l1_ratio"``,
            ``"l2_ratio"``, ``"elementwise_mean"``, ``"elementwise_median"``,
            ``"cosine"``, or one that you have registered.
        reference: ``"previous"`` compares with the record before, at first with
            the initial weights; ``"initial"`` always with the initial weights.
        watch: ``"kernels"``, every trained tensor of more than one dimension;
            ``"trainable"``, every trained tensor; ``"all"``, every weight; a
            regular expression searched for in variable paths; or a function of a
            `keras.Variable` that returns a bool. Frozen layers read zero.

    Raises:
        ValueError: for an unknown measure, reference, schedule or watch.
        OSError: if `path` cannot be written.

    See also:
        `tfrwc.load_recording` reads the file. `Recording.from_checkpoints` makes a
        recording of a training that ran without a callback. ``docs/recording.md``
        tells of the clock, resuming, the order of callbacks, distributed training,
        low precision and LoRA.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        every: Any = "epoch",
        measures: str | Iterable[str] = ("l1_ratio",),
        reference: str = "previous",
        watch: Watch = "kernels",
    ) -> None:
        super().__init__()
        self.schedule: Schedule = as_schedule(every)
        self.measures = check_measures(measures)
        self.reference = one_of(reference, REFERENCES, "reference")
        self.watch = check_watch(watch)
        self._store = None if path is None else Store(path)
        self.path = None if self._store is None else self._store.path
        self._recording: Recording | None = None
        self._weights: Any = None
        self._pending = PendingRecords()
        self._epochs = EpochCounter()
        self._clock = Clock(self.schedule)
        self._fit = Fit()
        self._seen = LastSeen()
        self._started = False
        if self.schedule.unit == "step":
            # Present only when needed: a callback with a batch hook makes Keras
            # wait for the numbers of every batch, for all callbacks.
            self.on_train_batch_end = self._after_batch

    @property
    def recording(self) -> Recording:
        """The recording so far.

        Raises:
            RuntimeError: before the first `fit`.
        """
        if self._recording is None:
            raise RuntimeError(
                "Nothing is recorded yet: pass this callback to model.fit first."
            )
        self._fetch_pending()
        return self._recording

    def explain(self, model: Any) -> pd.DataFrame:
        """List every weight of a built model: watched or not, and why.

        Returns:
            A DataFrame; see `tfrwc.recording.explain`.
        """
        return explain(model, self.watch)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._fetch_pending()
        self._started = False
        self._fit.enter(self)
        self._epochs.start_fit()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        # Not in on_train_begin, where a later callback may restore the weights.
        self._fit.recall(self)
        if not self._started:
            start, waits = partial(self._start, epoch), lambda: not self._started
            build_before_first_step(self.model, start, waits)
        self._epochs.start_epoch(epoch, self.model)
        self._clock.start_epoch()
        self._seen.start_epoch()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._fit.recall(self)
        begun = self._started or self._start_late(epoch)
        if not self._epochs.is_open:
            self._epochs.start_epoch(epoch, self.model)
        if begun:
            epoch = self._epochs.current
            self._clock.end_epoch(epoch, self._fit.batches_in_epoch())
            if self.schedule.unit == "epoch" and self.schedule.due(epoch - 1, epoch):
                self._record(self._clock.step, logs)
        self._epochs.end_epoch()
        self._clock.start_epoch()
        recorded = self.reference == "previous" and self._clock.has_just_recorded()
        self._seen.end_epoch(self._weights, recorded)
        self._flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._fit.leave()
        if self.schedule.unit == "epoch":
            vars(self).pop("on_train_batch_end", None)
        if self._recording is not None:
            self._recording.settings["finished"] = True
        self._flush()
        if self._recording is not None and not len(self._recording):
            self._clock.warn_of_no_record(self._epochs.done)

    def _after_batch(self, batch: int, logs: Logs = None) -> None:
        self._fit.recall(self)
        if not self._started and not self._start_late():
            return
        if self._clock.due_after_batch(batch, self._fit.batches_in_epoch()):
            self._record(self._clock.step, logs)

    def _start_late(self, epoch: int = 0) -> bool:
        """Start from the weights as they are now; False, as no change is known yet."""
        self._start(epoch)
        return self._fit.warn_of_late_start()

    def _start(self, epoch: int) -> None:
        if self._started:
            return
        check_built(self.model)
        tensors = watched(self.model, self.watch)
        self._counters = Counters(self.model)
        if self._store is not None:
            self._store.writes = backends.is_chief(self.model)
        if self._recording is None:
            self._begin(tensors, epoch)
        else:
            self._go_on(self._recording, tensors)
        self.recording.settings["finished"] = False
        self._weights.readers = backends.readers(self._weights.variables, self.model)
        self._seen.start(self._weights)
        self._clock.start(self._counters, self._seen.trained)
        if self.schedule.unit == "epoch":
            # Only now, so that Keras has seen no batch hook to wait for.
            self.on_train_batch_end = self._clock.count_call
        self._started = True

    def _begin(self, tensors: list[Tensor], epoch: int) -> None:
        """Begin a recording, or go on with the one in the file."""
        table = layer_table(tensors)
        settings = {
            "every": description(self.schedule),
            "reference": self.reference,
            "watch": description(self.watch),
            "model": self.model.name,
        }
        versions = {"keras": keras.__version__, "backend": backends.BACKEND}
        resumed = None
        if self._store is not None:
            step = step_of_model(self._counters, self.path, epoch)
            self._clock.resume(step)
            resumed = self._store.resume(table, self.measures, settings, step)
        if resumed is None:
            self._recording = Recording(table, self.measures, settings, versions)
        else:
            self._recording = resumed
            self._epochs.resume(int(resumed.epochs[-1]) if len(resumed) else 0)
        self._recording.settings["finished"] = False
        self._attach(tensors)
        if resumed is None:
            self._save_initial()
        elif self._store is not None and self.reference == "initial":
            self._weights.restore(self._store.load_initial())
        self._flush()

    def _go_on(self, recording: Recording, tensors: list[Tensor]) -> None:
        """Go on with the recording of this callback in another call of `fit`."""
        numbers = {id(v): i for i, v in enumerate(self._weights.variables)}
        new = [t for t in tensors if id(t.variable) not in numbers]
        now = [numbers.get(id(t.variable)) for t in tensors]
        present = [number for number in now if number is not None]
        self._fetch_pending()
        self._seen.keep(self._weights)
        rewound = self._clock.is_rewound(self._counters)
        if not present:  # another model of the same kind
            check_same(recording, layer_table(tensors), self.measures, "this callback")
            check_goes_on(self._counters, self._clock, rewound, self.reference)
            self._attach(tensors)
            new, present = [], list(range(len(tensors)))
            if not self._seen.is_recorded:
                self._pending.begin_anew()
        if self._seen.were_set(self._weights, present, rewound):
            self._seen.warn(self.reference)
            self._pending.begin_anew()
            if self.reference == "previous":
                self._weights.snapshot()
        # Tensors that are no longer selected stay in the recording.
        gone = set(range(len(self._weights.variables))) - set(present)
        self._pending.leave_out(sorted(gone))
        if new:
            recording.add_layers(layer_table(new))
            self._weights.add([tensor.variable for tensor in new])
            self._save_initial()
            self._flush()

    def _attach(self, tensors: list[Tensor]) -> None:
        variables, renew = [t.variable for t in tensors], self.reference == "previous"
        self._weights = measures_of(variables, self.measures, renew)
        self._weights.snapshot()

    def _record(self, step: int, logs: Logs) -> None:
        settings = self._counters.settings()
        if self._counters.scales_loss:
            settings["skipped_steps"] = self._clock.skipped_batches()
        sums = self._weights.measure()
        self._pending.add(step, self._epochs.current, sums, logs, settings)
        self._clock.start_interval()
        if self._store is not None and self.schedule.unit == "step":
            self._fetch_pending()
            try_to_write(self._store.add, self._recording, self.path)

    def _fetch_pending(self) -> None:
        if self._recording is not None:
            self._pending.move_to(self._recording, self._weights)

    def _flush(self) -> None:
        self._fetch_pending()
        if self._store is not None and self._recording is not None:
            try_to_write(self._store.save, self._recording, self.path)

    def _save_initial(self) -> None:
        if self._store is not None and self.reference == "initial":
            arrays = map(keras.ops.convert_to_numpy, self._weights.snapshots)
            try_to_write(self._store.save_initial, list(arrays), self.path)

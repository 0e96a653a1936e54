"""`RWCCallback`: record how much each layer changes during `fit`."""

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from tfrwc._common.checks import one_of
from tfrwc.compat.extras import keras_backend
from tfrwc.recording import backends
from tfrwc.recording.batches import Batches
from tfrwc.recording.by_hand import Fit, check_built
from tfrwc.recording.clock import Clock
from tfrwc.recording.copies import state_of
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
from tfrwc.recording.same import check_same
from tfrwc.recording.schedule import EverySteps, Schedule, as_schedule, description
from tfrwc.recording.step_sums import StepSums
from tfrwc.recording.store import ON_EXISTING, Store
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

    Several calls of `fit` with one callback make one recording. Put this callback
    before `tfrwc.recording.Backup`, so that a record is on disk before the backup after
    it. Copies, as tuners and cross-validation make them, each make a recording of their
    own: give them a path with ``{trial}``.

    Args:
        path: str or path of the Parquet file to write, at the end of each epoch, and
            with a schedule of steps at each record. None keeps the recording in
            memory. In it, ``{trial}`` or ``{fold}`` becomes the first number, from 1,
            of which there is no file yet, and ``{time}`` when the first `fit` begins.
        every: when to record: ``"epoch"``, an int (optimizer steps between records), a
            list of steps, or a schedule such as `tfrwc.recording.LogarithmicSteps`.
        measures: a name, or several, of `tfrwc.recording.measures`: ``"l1_ratio"``,
            ``"l2_ratio"``, ``"elementwise_mean"``, ``"elementwise_median"``,
            ``"cosine"``, or one that you have registered.
        reference: ``"previous"`` compares with the record before, at first with
            the initial weights; ``"initial"`` always with the initial weights.
        watch: ``"kernels"``, every trained kernel, by its role in its layer;
            ``"trainable"``, every trained tensor; ``"all"``, every weight; a
            regular expression searched for in variable paths; or a function of a
            `keras.Variable` that returns a bool. Frozen layers read zero.
        on_existing: for a `path` that holds a recording. ``"continue"`` goes on with
            it if the model has been restored, and else moves it aside, as ``"new"``
            always does; ``"error"`` refuses. Nothing is overwritten.

    Raises:
        ValueError: for an unknown measure, reference, schedule, watch or on_existing,
            or a path that is not local.
        OSError: if `path` cannot be written; when a `fit` starts, if another one that
            is running records there.

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
        on_existing: str = "continue",
    ) -> None:
        super().__init__()
        self.schedule: Schedule = as_schedule(every)
        self.measures = check_measures(measures)
        self.reference = one_of(reference, REFERENCES, "reference")
        self.watch = check_watch(watch)
        one_of(on_existing, ON_EXISTING, "on_existing")
        self._store = None if path is None else Store(path, on_existing)
        self._recording: Recording | None = None
        every_step = self.schedule == EverySteps(1) and reference == "previous"
        self._by_steps = self.schedule.unit == "step"
        # Whether Keras need not wait for the numbers of a batch before it calls us.
        self.async_safe = every_step or not self._by_steps
        self._get_ready()

    def _get_ready(self) -> None:
        """Set what belongs to the training that is recorded."""
        self._weights: Any = None
        self._step_sums: StepSums | None = None
        self._pending = PendingRecords()
        self._epochs = EpochCounter()
        self._clock = Clock(self.schedule)
        self._batches = Batches(self._after_batch)
        self._fit = Fit()
        self._seen = LastSeen()
        self._started = False

    def __getstate__(self) -> dict[str, Any]:
        return state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._get_ready()

    @property
    def path(self) -> Path | None:
        """Of the file; with ``{trial}`` and the like until the first `fit`."""
        return None if self._store is None else self._store.path

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
        self._open_store()
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
        if self._by_steps:
            self._batches.start_epoch(self.model, waits=not self.async_safe)
            self._use_step_sums()

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        if self._by_steps:
            self._batches.begin(batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._by_steps:
            self._clock.count_call()
        elif self._batches.is_untold():
            self._fit.recall(self)
            self._batches.end(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self._by_steps:
            self._batches.end_epoch()
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
        if self._step_sums is not None:
            self._step_sums.end_epoch()
        recorded = self.reference == "previous" and self._clock.has_just_recorded()
        self._seen.end_epoch(self._weights, recorded)
        self._flush()

    def on_train_end(self, logs: Logs = None) -> None:
        self._fit.leave()
        self._batches.end_fit()
        if self._recording is not None:
            self._recording.settings["finished"] = True
        self._flush()
        self._step_sums = None
        if self._store is not None:
            self._store.close()
        if self._recording is not None and not len(self._recording):
            self._clock.warn_of_no_record(self._epochs.done)

    def _after_batch(self, batch: int, logs: Any, handed_out: Any) -> None:
        if not self._started and not self._start_late():
            return
        if self._step_sums is not None and handed_out is None:
            self._measure_by(None)  # of a train function that Keras has made since
        if self._step_sums is None:
            if self._clock.due_after_batch(batch, self._fit.batches_in_epoch()):
                self._record(self._clock.step, logs)
            return
        sums, more = self._step_sums.take(handed_out)
        due = self._clock.count_update() or self._clock.due_after_batch(
            batch, self._fit.batches_in_epoch()
        )
        if due:
            self._add(self._clock.step, sums, logs, more, unchanging=True)

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
        self._open_store()
        if self._recording is None or self._weights is None:  # new, or a copy
            self._begin(tensors, epoch)
        else:
            self._go_on(self._recording, tensors)
        self.recording.settings["finished"] = False
        self._weights.readers = backends.readers(self._weights.variables, self.model)
        self._seen.start(self._weights)
        self._clock.start(self._counters, self._seen.trained)
        self._started = True
        self._use_step_sums()

    def _use_step_sums(self) -> None:
        """Have the training step take the sums, where every step is a record."""
        hook = self._batches.hook
        if hook is None or not (self._started and hook.is_free()):
            return
        self._measure_by(None)
        suits = self._counters.suits_step_sums() and not self._pending.leaves_out
        if suits and backends.has_compiled_steps(self.model):
            self._measure_by(StepSums(self.model, self._weights, self.measures))

    def _measure_by(self, step_sums: StepSums | None) -> None:
        self._fetch_pending()  # what was measured in another way
        self._step_sums = step_sums
        if step_sums is not None and self._batches.hook is not None:
            self._batches.hook.step = step_sums.train_function

    def _open_store(self) -> None:
        if self._store is not None:
            self._store.writes = backends.is_chief(self.model)
            self._store.open(self.params)  # one object in each fit

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
        initial = None if self.reference == "previous" else self._store
        if initial is not None and resumed is not None:
            shapes = [array.shape for array in self._weights.snapshots]
            self._weights.restore(initial.load_initial(shapes))
        self._flush()  # before the initial weights of another recording are replaced
        if resumed is None:
            self._save_initial()

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

    def _record(self, step: int, logs: Any) -> None:
        settings = self._counters.settings()
        if self._counters.scales_loss:
            settings["skipped_steps"] = self._clock.skipped_batches()
        self._add(step, self._weights.measure(), logs, settings)

    def _add(self, step: int, sums: Any, *logs: Any, unchanging: bool = False) -> None:
        epoch = self._epochs.current
        self._pending.add(step, epoch, sums, *logs, unchanging=unchanging)
        self._clock.start_interval()
        if self._store is not None and self._by_steps:
            self._fetch_pending()
            try_to_write(self._store.add, self._recording, self.path)

    def _fetch_pending(self) -> None:
        if self._recording is not None:
            weights = self._step_sums or self._weights
            self._pending.move_to(self._recording, weights)

    def _flush(self) -> None:
        self._fetch_pending()
        if self._store is not None and self._recording is not None:
            try_to_write(self._store.save, self._recording, self.path)

    def _save_initial(self) -> None:
        if self._store is not None and self.reference == "initial":
            arrays = map(keras.ops.convert_to_numpy, self._weights.snapshots)
            try_to_write(self._store.save_initial, list(arrays), self.path)

"""`RWCCallback`: record how much each layer changes during `fit`."""

import os
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd

from tfrwc._common.checks import one_of
from tfrwc.compat.extras import keras_backend
from tfrwc.recording import backends
from tfrwc.recording.clock import Clock
from tfrwc.recording.counters import Counters
from tfrwc.recording.device import measures_of
from tfrwc.recording.epochs import EpochCounter
from tfrwc.recording.first_step import build_before_first_step
from tfrwc.recording.measures import check_measures
from tfrwc.recording.pending import PendingRecords
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import REFERENCES
from tfrwc.recording.schedule import Schedule, as_schedule
from tfrwc.recording.store import Store, check_same
from tfrwc.recording.watch import (
    Tensor,
    Watch,
    check_watch,
    explain,
    has_unbuilt_layers,
    layer_table,
    watched,
)

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
        watch: ``"kernels"``, every trained kernel, by its role in its layer;
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
        self._epochs.start_fit()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        # Here and not in on_train_begin, where a later callback may yet restore
        # the weights of an interrupted run.
        if not self._started:
            if has_unbuilt_layers(self.model) and backends.builds_in_first_step():
                build_before_first_step(self.model, self._start)
            else:
                self._start()
        self._epochs.start_epoch(epoch, self.model)
        self._clock.start_epoch()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        epoch = self._epochs.current
        if self.schedule.unit == "epoch":
            # Keras does not tell where another callback stopped the training.
            stopped = self.model.stop_training
            self._clock.count_epoch(None if stopped else self._batches_in_epoch())
            if self.schedule.due(epoch - 1, epoch):
                self._record(self._clock.read(), logs)
        self._clock.check(epoch)
        self._epochs.end_epoch()
        self._flush()

    def on_train_end(self, logs: Logs = None) -> None:
        if self._recording is not None:
            self._recording.settings["finished"] = True
        self._flush()
        if self._recording is not None and not len(self._recording):
            warnings.warn(
                f"Nothing was recorded: {self.schedule!r} asked for no record in "
                f"epochs 1 to {self._epochs.done}, which ended at optimizer step "
                f"{self._clock.step}. Give `every` a smaller number.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _after_batch(self, batch: int, logs: Logs = None) -> None:
        if self._clock.due_after_batch(batch, self._batches_in_epoch()):
            self._record(self._clock.step, logs)

    def _batches_in_epoch(self) -> int | None:
        # Keras does not tell this in the first epoch of a generator.
        return (self.params or {}).get("steps")

    def _start(self) -> None:
        tensors = watched(self.model, self.watch)
        self._counters = Counters(self.model)
        if self._store is not None:
            self._store.writes = backends.is_chief(self.model)
        if self._recording is None:
            self._begin(tensors)
        else:
            self._go_on(self._recording, tensors)
        self.recording.settings["finished"] = False
        self._clock.start(self._counters)
        self._weights.readers = backends.readers(self._weights.variables, self.model)
        self._started = True

    def _begin(self, tensors: list[Tensor]) -> None:
        """Begin a recording, or go on with the one in the file."""
        table = layer_table(tensors)
        settings = {
            "every": repr(self.schedule),
            "reference": self.reference,
            "watch": self.watch if isinstance(self.watch, str) else repr(self.watch),
            "model": self.model.name,
        }
        versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
        resumed = None
        if self._store is not None:
            step = self._counters.updates()
            resumed = self._store.resume(table, self.measures, settings, step)
        if resumed is None:
            self._recording = Recording(table, self.measures, settings, versions)
        else:
            self._recording = resumed
            self._epochs.resume(int(resumed.epochs[-1]) if len(resumed) else 0)
        self._recording.settings["finished"] = False
        self._attach(tensors)
        if self._store is not None and self.reference == "initial":
            if resumed is None:
                self._save_initial(self._store)
            else:
                self._weights.restore(self._store.load_initial())
        self._flush()

    def _go_on(self, recording: Recording, tensors: list[Tensor]) -> None:
        """Go on with the recording of this callback in another call of `fit`."""
        watched_before = {id(variable) for variable in self._weights.variables}
        new = [t for t in tensors if id(t.variable) not in watched_before]
        if len(new) == len(tensors):
            self._check_same_training(recording, tensors)
            self._attach(tensors)
        elif new:
            # Tensors that are no longer selected stay in the recording.
            recording.add_layers(layer_table(new))
            self._weights.add([tensor.variable for tensor in new])
            if self._store is not None and self.reference == "initial":
                self._save_initial(self._store)
            self._flush()

    def _check_same_training(self, recording: Recording, tensors: list[Tensor]) -> None:
        """Check that a model of new variables may go on with the recording.

        Raises:
            ValueError: if it may not.
        """
        check_same(recording, layer_table(tensors), self.measures, "this callback")
        step = self._counters.updates()
        if step < self._clock.step:
            raise ValueError(
                f"This callback has recorded another model up to step "
                f"{self._clock.step}, but this one is at step {step}. Use a new "
                "RWCCallback and a new path for each model."
            )
        if self.reference == "initial":
            raise ValueError(
                "This callback records against the initial weights of another "
                "model. Use a new RWCCallback for each model."
            )

    def _attach(self, tensors: list[Tensor]) -> None:
        self._weights = measures_of(
            [tensor.variable for tensor in tensors],
            self.measures,
            renew=self.reference == "previous",
        )
        self._weights.snapshot()

    def _record(self, step: int, logs: Logs) -> None:
        logs = logs or {}
        logs = {**logs, **self._counters.settings(), **logs}
        if self._counters.scales_loss:
            logs["skipped_steps"] = self._clock.skipped_batches()
        self._pending.add(step, self._epochs.current, self._weights.measure(), logs)
        self._clock.start_interval()
        if self._store is not None and self.schedule.unit == "step":
            self._fetch_pending()
            self._write(self._store.add, self._recording)

    def _fetch_pending(self) -> None:
        if self._recording is not None:
            self._pending.move_to(self._recording, self._weights)

    def _flush(self) -> None:
        self._fetch_pending()
        if self._store is not None and self._recording is not None:
            self._write(self._store.save, self._recording)

    def _save_initial(self, store: Store) -> None:
        arrays = map(keras.ops.convert_to_numpy, self._weights.snapshots)
        self._write(store.save_initial, list(arrays))

    def _write(self, write: Callable[[Any], None], what: Any) -> None:
        try:
            write(what)
        except OSError as error:
            warnings.warn(
                f"The recording could not be written to {self.path} ({error}). It "
                "stays in memory, and is written again at the end of the next epoch.",
                RuntimeWarning,
                stacklevel=2,
            )

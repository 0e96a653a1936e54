"""`RWCCallback`: record how much each layer changes during `fit`."""

import os
from collections.abc import Iterable, MutableMapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from tfrwc._common.checks import one_of
from tfrwc.compat.extras import keras_backend
from tfrwc.recording.batches import Batches
from tfrwc.recording.by_hand import Fit
from tfrwc.recording.copies import state_of
from tfrwc.recording.findings import Findings
from tfrwc.recording.first_step import build_before_first_step
from tfrwc.recording.log_numbers import log_numbers
from tfrwc.recording.measures import check_measures
from tfrwc.recording.recorder import Recorder
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import REFERENCES
from tfrwc.recording.schedule import EverySteps, Schedule, as_schedule
from tfrwc.recording.store import ON_EXISTING, Store
from tfrwc.recording.watch import Watch, check_watch, explain

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
        measures: a name, or several, of `tfrwc.recording.measures`, whose `describe`
            lists them with their formulas.
        reference: ``"previous"`` compares with the record before, at first with
            the initial weights; ``"initial"`` always with the initial weights.
        watch: ``"kernels"``, every trained kernel, by its role in its layer;
            ``"trainable"``, every trained tensor; ``"all"``, every weight; a
            regular expression searched for in variable paths; or a function of a
            `keras.Variable` that returns a bool. Frozen layers read zero.
        on_existing: for a `path` that holds a recording. ``"continue"`` goes on with
            it if the model has been restored, and else moves it aside, as ``"new"``
            always does; ``"error"`` refuses. Nothing is overwritten.
        diagnose: whether to say, while `fit` runs, what `tfrwc.dynamics.diagnose` finds
            wrong: at the end of an epoch a warning for each finding, once, and for one
            that has passed. What stands at the end of `fit` is what `diagnose` finds
            afterwards. Training goes on. Measures ``"still_units"``, too.
        to_logs: whether to add, at the end of each epoch, ``rwc_l1_ratio_mean``,
            ``_median`` and ``_largest`` (over the layers, for each measure) to the logs
            of Keras, so that the callbacks after this one write them: CSVLogger,
            TensorBoard, those of W&B and MLflow, and `History`.

    Raises:
        ValueError: for an unknown measure, reference, schedule, watch or on_existing,
            or a path that is not local.
        OSError: if `path` cannot be written; when a `fit` starts, if another one that
            is running records there.

    See also:
        `tfrwc.load_recording` reads the file. `Recording.from_checkpoints` makes a
        recording of a training that ran without a callback. ``docs/guides/record.md``
        tells of distributed training, low precision and LoRA, ``docs/recording.md`` of
        the clock, resuming and the order of callbacks.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        every: Any = "epoch",
        measures: str | Iterable[str] = ("l1_ratio",),
        reference: str = "previous",
        watch: Watch = "kernels",
        on_existing: str = "continue",
        to_logs: bool = False,
        diagnose: bool = False,
    ) -> None:
        super().__init__()
        self.schedule: Schedule = as_schedule(every)
        self.measures = check_measures(measures)
        if diagnose and "still_units" not in self.measures:
            self.measures += ("still_units",)
        self.reference = one_of(reference, REFERENCES, "reference")
        self.watch = check_watch(watch)
        one_of(on_existing, ON_EXISTING, "on_existing")
        self._store = None if path is None else Store(path, on_existing)
        every_step = self.schedule == EverySteps(1) and reference == "previous"
        self._by_steps = self.schedule.unit == "step"
        # Whether Keras need not wait for the numbers of a batch before it calls us.
        self.async_safe = every_step or not self._by_steps
        self._to_logs, self._diagnose = to_logs, diagnose
        self._get_ready(recording=None)

    def _get_ready(self, recording: Recording | None) -> None:
        """Set what belongs to the training that is recorded."""
        self._recorder = Recorder(
            self.schedule,
            self.measures,
            self.reference,
            self.watch,
            self._store,
            recording,
        )
        self._batches = Batches(self._after_batch)
        self._fit = Fit()
        self._started = False
        self._logged = 0 if recording is None else len(recording)
        self._findings = Findings()

    def __getstate__(self) -> dict[str, Any]:
        return state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        recording = state.pop("recording")
        self.__dict__.update(state)
        self._get_ready(recording)

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
        recording = self._recorder.recording
        if recording is None:
            raise RuntimeError(
                "Nothing is recorded yet: pass this callback to model.fit first."
            )
        self._recorder.fetch()
        return recording

    def explain(self, model: Any) -> pd.DataFrame:
        """List every weight of a built model: watched or not, and why.

        Returns:
            A DataFrame; see `tfrwc.recording.explain`.
        """
        return explain(model, self.watch)

    def on_train_begin(self, logs: Logs = None) -> None:
        self._fit.enter(self)
        self._fit.recall(self)
        self._recorder.open(self.model, self.params)
        self._started = False
        self._recorder.start_fit()

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        # Not in on_train_begin, where a later callback may restore the weights.
        self._fit.recall(self)
        if not self._started:
            start, waits = partial(self._start, epoch), lambda: not self._started
            build_before_first_step(self.model, start, waits)
        self._recorder.start_epoch(epoch, self.model)
        if self._by_steps:
            self._batches.start_epoch(self.model, waits=not self.async_safe)
            self._take_sums_in_step()

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        if self._by_steps:
            self._batches.begin(batch)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        if not self._by_steps:
            self._recorder.count_call()
        elif self._batches.is_untold():
            self._fit.recall(self)
            self._batches.end(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        if self._by_steps:
            self._batches.end_epoch()
        self._fit.recall(self)
        begun = self._started or self._start_late(epoch)
        self._recorder.end_epoch(epoch, self._fit.batches_in_epoch(), logs, begun)
        if self._to_logs and isinstance(logs, MutableMapping):
            # After the record, which holds the logs of the training alone.
            new = self.recording.since(self._logged)
            self._logged = len(self.recording)
            logs.update(log_numbers(new, logs))
        if self._diagnose:
            self._findings.say(self.recording)

    def on_train_end(self, logs: Logs = None) -> None:
        self._fit.leave()
        self._batches.end_fit()
        self._recorder.finish()
        if self._diagnose and self._recorder.recording is not None:
            self._findings.say(self.recording, ended=True)

    def _after_batch(self, batch: int, logs: Any, handed_out: Any) -> None:
        if self._started or self._start_late():
            in_epoch = self._fit.batches_in_epoch()
            self._recorder.end_batch(batch, in_epoch, logs, handed_out)

    def _start_late(self, epoch: int = 0) -> bool:
        """Start from the weights as they are now; False, as no change is known yet."""
        self._start(epoch)
        return self._fit.warn_of_late_start()

    def _start(self, epoch: int) -> None:
        if not self._started:
            self._recorder.start(self.model, self.params, epoch)
            self._started = True
            self._take_sums_in_step()

    def _take_sums_in_step(self) -> None:
        hook = self._batches.hook
        if hook is not None and self._started and hook.is_free():
            self._recorder.take_sums_in_step(hook)

"""`RWCCallback`: record how much each layer changes during `fit`."""

import warnings

from tfrwc.compat.extras import keras_backend

with keras_backend():
    import keras

from tfrwc.recording import _backends
from tfrwc.recording import watch as watching
from tfrwc.recording.clock import Clock
from tfrwc.recording.counters import Counters
from tfrwc.recording.device import measures_of
from tfrwc.recording.first_step import build_before_first_step
from tfrwc.recording.recording import Flag, Recording
from tfrwc.recording.schedule import as_schedule
from tfrwc.recording.store import Store, check_same
from tfrwc.recording.sums import check_measures, check_reference


class RWCCallback(keras.callbacks.Callback):
    """Records the relative weight change of each layer while a model trains.

    For a weight tensor w and its change d since the reference, at each record
    (Agrawal et al., arXiv:2011.06735, eq. 1, for `l1_ratio`):

    - ``l1_ratio``: sum |d| / sum |w|
    - ``l2_ratio``: ‖d‖₂ / ‖w‖₂
    - ``elementwise_mean``: mean of |d| / |w| over the elements. It has no
      expectation for Gaussian weights and grows with the tensor's size; kept to
      reproduce published numbers.
    - ``elementwise_median``: median of |d| / |w|
    - ``cosine``: 1 - cos of the angle between the old and the new weights

    The weights are measured where they are, on the accelerator by compiled calls or
    in the memory of a CPU; one copy of the watched weights stays beside them. A value
    without meaning is NaN, and `Recording.flags` says why: a zero denominator (a
    zero-initialised tensor at its first record, or, for `elementwise_mean`, any zero
    element) or weights that are not finite. Weights of low precision are compared in
    float32.

    >>> callback = RWCCallback("run.parquet")
    >>> model.fit(x, y, epochs=10, callbacks=[callback])  # doctest: +SKIP
    >>> callback.recording.values("l1_ratio").shape  # doctest: +SKIP
    (10, 21)

    Several calls of `fit` with one callback make one recording. With a `path` that
    already holds a recording, a model that is restored to where it stopped goes on
    with it; records past the restored step are dropped, with a warning. The recording
    of a training that was cut off and begins anew is moved aside; one that was
    finished is refused. Put this callback before `keras.callbacks.BackupAndRestore`,
    so that a record is on disk before the backup after it; before
    `keras.callbacks.SwapEMAWeights` to measure the weights that are trained, after it
    to measure their averages; and before a callback of your own that sets the
    learning rate at the end of an epoch.

    The clock counts optimizer updates: with gradient accumulation one takes several
    batches (`logs` then has `batches`, too), and one that a loss scale optimizer
    skipped does not count (`logs` has `loss_scale`, and `skipped_steps` since the
    record before). In a distributed training each process records its copy of the
    weights, and the chief writes the file. Layers with LoRA enabled are recorded by
    their factors; the kernel below these is frozen and reads zero.

    Args:
        path: Parquet file that is written anew at the end of each epoch. Records at
            steps go to a journal beside it at once, which `load_recording` reads,
            too. So a killed process loses no record. None keeps the recording in
            memory.
        every: ``"epoch"``, a number of optimizer steps, a list of steps, or a schedule
            (`tfrwc.recording.EveryEpochs`, `EverySteps`, `LogarithmicSteps`, or an
            object like them).
        measures: names from the list above.
        reference: ``"previous"`` compares with the record before, at first with
            the initial weights; ``"initial"`` always with the initial weights, which
            are kept beside `path` for a restart.
        watch: ``"kernels"``, every trained tensor of more than one dimension;
            ``"trainable"``, every trained tensor; ``"all"``, every weight; a
            regular expression searched for in variable paths; or a function of a
            `keras.Variable`. Frozen layers are watched and read zero.

    Raises:
        ValueError: for an unknown measure, reference, schedule or watch.
        OSError: if `path` cannot be written.
    """

    def __init__(
        self,
        path=None,
        every="epoch",
        measures=("l1_ratio",),
        reference="previous",
        watch="kernels",
    ):
        super().__init__()
        self.schedule = as_schedule(every)
        self.measures = check_measures(measures)
        self.reference = check_reference(reference)
        self.watch = watching.check_watch(watch)
        self._store = None if path is None else Store(path)
        self.path = None if path is None else self._store.path
        self._recording = None
        self._weights = None
        self._pending = []
        self._epochs_done = 0
        self._clock = Clock(self.schedule)
        self._resumed = False
        self._warned_non_finite = False
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

    def explain(self, model):
        """List every weight of a built model: watched or not, and why.

        Returns:
            A DataFrame; see `tfrwc.recording.explain`.
        """
        return watching.explain(model, self.watch)

    def on_train_begin(self, logs=None):
        self._fetch_pending()
        self._started = False
        self._epoch_offset = None

    def on_epoch_begin(self, epoch, logs=None):
        # Here and not in on_train_begin, where a later callback may yet restore
        # the weights of an interrupted run.
        if not self._started:
            unbuilt = watching.has_unbuilt_layers(self.model)
            if unbuilt and _backends.builds_in_first_step():
                build_before_first_step(self.model, self._start)
            else:
                self._start()
        self._set_epoch(epoch)
        self._clock.start_epoch()

    def on_epoch_end(self, epoch, logs=None):
        if self.schedule.unit == "epoch":
            # Keras does not tell where another callback stopped the training.
            stopped = self.model.stop_training
            self._clock.count_epoch(None if stopped else self._batches_in_epoch())
            if self.schedule.due(self._epoch - 1, self._epoch):
                self._record(self._clock.read(), logs)
        self._clock.check(self._epoch)
        self._epochs_done = self._epoch
        self._flush()

    def on_train_end(self, logs=None):
        if self._recording is not None:
            self._recording.settings["finished"] = True
        self._flush()
        if self._recording is not None and not len(self._recording):
            warnings.warn(
                f"Nothing was recorded: {self.schedule!r} asked for no record in "
                f"epochs 1 to {self._epochs_done}, which ended at optimizer step "
                f"{self._clock.step}. Give `every` a smaller number.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _after_batch(self, batch, logs=None):
        if self._clock.due_after_batch(batch, self._batches_in_epoch()):
            self._record(self._clock.step, logs)

    def _batches_in_epoch(self):
        # Keras does not tell this in the first epoch of a generator.
        return (self.params or {}).get("steps")

    def _set_epoch(self, epoch):
        # Epochs go on counting when a further fit starts again at 0, and keep
        # Keras' count when it goes on by itself (initial_epoch, a restored run).
        if self._epoch_offset is None:
            if self._resumed:
                restored = getattr(self.model, "_initial_epoch", None) is not None
                goes_on = epoch > 0 or restored
            else:
                goes_on = epoch >= self._epochs_done
            self._resumed = False
            self._epoch_offset = 0 if goes_on else self._epochs_done
        self._epoch = self._epoch_offset + epoch + 1

    def _start(self):
        tensors = watching.watched(self.model, self.watch)
        self._counters = Counters(self.model)
        if self._store is not None:
            self._store.writes = _backends.is_chief(self.model)
        if self._recording is None:
            self._recording = self._open(tensors)
            self._recording.settings["finished"] = False
            self._attach(tensors)
            self._keep_initial()
            self._flush()
        elif not self._same_variables(tensors):
            self._go_on_with(tensors)
        self._recording.settings["finished"] = False
        self._clock.start(self._counters)
        self._weights.readers = _backends.readers(self._weights.variables, self.model)
        self._started = True

    def _open(self, tensors) -> Recording:
        table = watching.layer_table(tensors)
        settings = {
            "every": repr(self.schedule),
            "reference": self.reference,
            "watch": self.watch if isinstance(self.watch, str) else repr(self.watch),
            "model": self.model.name,
        }
        versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
        if self._store is not None:
            step = self._counters.updates()
            recording = self._store.resume(table, self.measures, settings, step)
            if recording is not None:
                self._epochs_done = int(recording.epochs[-1]) if len(recording) else 0
                self._resumed = True
                return recording
        return Recording(table, self.measures, settings, versions)

    def _keep_initial(self):
        if self._store is None or self.reference != "initial":
            return
        if self._resumed:
            self._weights.restore(self._store.load_initial())
        else:
            arrays = map(keras.ops.convert_to_numpy, self._weights.snapshots)
            self._write(self._store.save_initial, list(arrays))

    def _same_variables(self, tensors):
        known = [id(variable) for variable in self._weights.variables]
        return known == [id(tensor.variable) for tensor in tensors]

    def _go_on_with(self, tensors):
        """Go on after the selected tensors changed between two calls of fit."""
        known = {id(variable) for variable in self._weights.variables}
        new = [tensor for tensor in tensors if id(tensor.variable) not in known]
        if len(new) == len(tensors):
            table = watching.layer_table(tensors)
            check_same(self._recording, table, self.measures, "this callback")
            if self._counters.updates() < self._clock.step:
                raise ValueError(
                    f"This callback has recorded another model up to step "
                    f"{self._clock.step}, but this one is at step "
                    f"{self._counters.updates()}. Use a new RWCCallback and a new "
                    "path for each model."
                )
            if self.reference == "initial":
                raise ValueError(
                    "This callback records against the initial weights of another "
                    "model. Use a new RWCCallback for each model."
                )
            self._attach(tensors)
        elif new:
            # Tensors that are no longer selected stay in the recording.
            self._recording.add_layers(watching.layer_table(new))
            self._weights.add([tensor.variable for tensor in new])
            self._keep_initial()
            self._flush()

    def _attach(self, tensors):
        self._weights = measures_of(
            [tensor.variable for tensor in tensors],
            self.measures,
            renew=self.reference == "previous",
        )
        self._weights.snapshot()

    def _record(self, step, logs):
        logs = logs or {}
        logs = {**logs, **self._counters.settings(), **logs}
        if self._counters.scales_loss:
            logs["skipped_steps"] = self._clock.skipped_batches()
        self._pending.append((step, self._epoch, self._weights.measure(), logs))
        self._clock.start_interval()
        if self._store is not None and self.schedule.unit == "step":
            self._fetch_pending()
            self._write(self._store.add, self._recording)

    def _fetch_pending(self):
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        values, flags = self._weights.finish([sums for _, _, sums, _ in pending])
        for (step, epoch, _, logs), value, flag in zip(
            pending, values, flags, strict=True
        ):
            self._recording.append(step, epoch, value, flag, logs)
        self._warn_of_non_finite((flags == Flag.NON_FINITE).any(axis=(0, 1)), pending)

    def _warn_of_non_finite(self, affected, pending):
        if self._warned_non_finite or not affected.any():
            return
        self._warned_non_finite = True
        names = self._recording.layers["name"][affected].tolist()
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        warnings.warn(
            f"Weights that are not finite by epoch {pending[-1][1]}, recorded as NaN, "
            f"in {', '.join(names[:5])}{more}. Training goes on; this is said once.",
            RuntimeWarning,
            stacklevel=2,
        )

    def _flush(self):
        self._fetch_pending()
        if self._store is not None and self._recording is not None:
            self._write(self._store.save, self._recording)

    def _write(self, write, what):
        try:
            write(what)
        except OSError as error:
            warnings.warn(
                f"The recording could not be written to {self.path} ({error}). It "
                "stays in memory, and is written again at the end of the next epoch.",
                RuntimeWarning,
                stacklevel=2,
            )

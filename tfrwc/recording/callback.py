"""`RWCCallback`: record how much each layer changes during `fit`."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import keras

from tfrwc.recording import watch as watching
from tfrwc.recording.device import MEASURES, DeviceMeasures
from tfrwc.recording.recording import Flag, Recording
from tfrwc.recording.resume import check_same, check_writable, resume
from tfrwc.recording.schedule import as_schedule

REFERENCES = ("previous", "initial")


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

    All tensors are measured on the device in one compiled call per record, and
    the numbers are fetched once an epoch. One copy of the watched weights stays
    on the device. A value without meaning is NaN, and `Recording.flags` says why:
    a zero denominator (a zero-initialised tensor at its first record, or, for
    `elementwise_mean`, any zero element) or weights that are not finite.

    >>> callback = RWCCallback("run.parquet")
    >>> model.fit(x, y, epochs=10, callbacks=[callback])  # doctest: +SKIP
    >>> callback.recording.values("l1_ratio").shape  # doctest: +SKIP
    (10, 21)

    Several calls of `fit` with one callback make one recording. With a `path` that
    already holds a recording, a model that is restored to where it stopped goes on
    with it; records past the restored step are dropped, with a warning. Put this
    callback before `keras.callbacks.BackupAndRestore`.

    Args:
        path: Parquet file that is written anew at the end of each epoch, so that a
            killed process loses at most the running epoch. None keeps the
            recording in memory.
        every: ``"epoch"``, a number of optimizer steps, or a schedule
            (`tfrwc.recording.EveryEpochs`, `EverySteps`, or an object like them).
        measures: names from the list above.
        reference: ``"previous"`` compares with the record before, at first with
            the initial weights; ``"initial"`` always with the initial weights.
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
        self.path = None if path is None else Path(path)
        self.schedule = as_schedule(every)
        self.measures = _check_measures(measures)
        if reference not in REFERENCES:
            raise ValueError(
                f"reference must be one of {REFERENCES}. Received: {reference!r}."
            )
        self.reference = reference
        self.watch = watching.check_watch(watch)
        if self.path is not None:
            check_writable(self.path)
        self._recording = None
        self._device = None
        self._pending = []
        self._epochs_done = 0
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
            if watching.has_unbuilt_layers(self.model) and _builds_in_first_step():
                self._build_in_first_step()
            else:
                self._start()
        self._set_epoch(epoch)

    def on_epoch_end(self, epoch, logs=None):
        if self.schedule.unit == "epoch" and self.schedule.due(
            self._epoch - 1, self._epoch
        ):
            self._record(logs)
        self._epochs_done = self._epoch
        self._flush()

    def on_train_end(self, logs=None):
        self._flush()
        if self._recording is not None and not len(self._recording):
            warnings.warn(
                f"Nothing was recorded: {self.schedule!r} asked for no record in "
                f"epochs 1 to {self._epochs_done}, which ended at optimizer step "
                f"{self._step()}. Give `every` a smaller number.",
                RuntimeWarning,
                stacklevel=2,
            )

    def _after_batch(self, batch, logs=None):
        step = self._step()
        if self.schedule.due(self._last_step, step):
            self._record(logs)
        self._last_step = step

    def _set_epoch(self, epoch):
        # Epochs go on counting when a further fit starts again at 0, and keep
        # Keras' count when it goes on by itself (initial_epoch, a restored run).
        if self._epoch_offset is None:
            done = self._epochs_done
            self._epoch_offset = 0 if epoch >= done else done
        self._epoch = self._epoch_offset + epoch + 1

    def _start(self):
        tensors = watching.watched(self.model, self.watch)
        if self._recording is None:
            self._recording = self._open(tensors)
            self._attach(tensors)
        elif not self._same_variables(tensors):
            self._go_on_with(tensors)
        self._last_step = self._step()
        self._started = True

    def _build_in_first_step(self):
        # The initial weights exist only inside the trainer's first step and are gone
        # after it; the step's iterator tells the shapes to build them from before.
        model, step = self.model, self.model.train_function

        def build_then_step(iterator):
            model.train_function = step
            x, _, _ = keras.utils.unpack_x_y_sample_weight(iterator.element_spec)
            try:
                model(
                    keras.tree.map_structure(
                        lambda spec: keras.KerasTensor(spec.shape, spec.dtype.name), x
                    )
                )
            except Exception as error:  # whatever the model's own code raises
                # A model trained through its parts (a GAN) need not have a `call`.
                if watching.has_unbuilt_layers(model, include_self=False):
                    raise ValueError(
                        f"Model {model.name!r} was not built before fit, and could not "
                        f"be built from the shapes of its data {x} ({error}). Its "
                        "initial weights are needed: call the model on one batch "
                        "before fit."
                    ) from error
            self._start()
            return step(iterator)

        model.train_function = build_then_step

    def _open(self, tensors) -> Recording:
        table = watching.layer_table(tensors)
        settings = {
            "every": repr(self.schedule),
            "reference": self.reference,
            "watch": self.watch if isinstance(self.watch, str) else repr(self.watch),
            "model": self.model.name,
        }
        versions = {"keras": keras.__version__, "backend": keras.backend.backend()}
        if self.path is not None and self.path.exists():
            recording = resume(
                self.path, table, self.measures, self.reference, self._step()
            )
            self._epochs_done = int(recording.epochs[-1]) if len(recording) else 0
            return recording
        recording = Recording(table, self.measures, settings, versions)
        if self.path is not None:
            recording.save(self.path)
        return recording

    def _same_variables(self, tensors):
        known = [id(variable) for variable in self._device.variables]
        return known == [id(tensor.variable) for tensor in tensors]

    def _go_on_with(self, tensors):
        """Go on after the selected tensors changed between two calls of fit."""
        known = {id(variable) for variable in self._device.variables}
        new = [tensor for tensor in tensors if id(tensor.variable) not in known]
        if len(new) == len(tensors):
            table = watching.layer_table(tensors)
            check_same(self._recording, table, self.measures, "this callback")
            if self.reference == "initial":
                raise ValueError(
                    "This callback records against the initial weights of another "
                    "model. Use a new RWCCallback for each model."
                )
            self._attach(tensors)
        elif new:
            # Tensors that are no longer selected stay in the recording.
            self._recording.add_layers(watching.layer_table(new))
            self._device.add([tensor.variable for tensor in new])

    def _attach(self, tensors):
        self._device = DeviceMeasures(
            [tensor.variable for tensor in tensors],
            self.measures,
            renew=self.reference == "previous",
        )
        self._device.snapshot()

    def _step(self) -> int:
        optimizer = self.model.optimizer
        if optimizer is None:
            raise ValueError(
                f"Model {self.model.name!r} has no optimizer, whose count of updates "
                "is the clock of a recording. Pass one to model.compile."
            )
        return int(keras.ops.convert_to_numpy(optimizer.iterations))

    def _record(self, logs):
        logs = dict(logs or {})
        if "learning_rate" not in logs:
            rate = self.model.optimizer.learning_rate
            logs["learning_rate"] = float(keras.ops.convert_to_numpy(rate))
        self._pending.append((self._step(), self._epoch, self._device.measure(), logs))

    def _fetch_pending(self):
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        values, flags = self._device.finish([sums for _, _, sums, _ in pending])
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
        if self.path is None or self._recording is None:
            return
        try:
            self._recording.save(self.path)
        except OSError as error:
            warnings.warn(
                f"The recording could not be written to {self.path} ({error}). It "
                "stays in memory, and is written again at the end of the next epoch.",
                RuntimeWarning,
                stacklevel=2,
            )


def _builds_in_first_step():
    # The trainers of JAX and PyTorch build a model before the first callback.
    return keras.backend.backend() == "tensorflow"


def _check_measures(measures):
    if isinstance(measures, str):
        measures = (measures,)
    names = tuple(measures) if isinstance(measures, Iterable) else ()
    known = all(name in MEASURES for name in names)
    if not names or not known or len(set(names)) < len(names):
        raise ValueError(
            f"measures must be one or more of {', '.join(MEASURES)}, each once. "
            f"Received: {measures!r}."
        )
    return names

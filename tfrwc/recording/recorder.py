"""The recording of a training: begun or gone on with, record by record, and written."""

from pathlib import Path
from typing import Any

from tfrwc.compat.extras import keras_backend
from tfrwc.recording import backends, validation
from tfrwc.recording.by_hand import batches_of, check_built
from tfrwc.recording.clock import Clock
from tfrwc.recording.counters import Counters
from tfrwc.recording.device import measures_of
from tfrwc.recording.epochs import EpochCounter
from tfrwc.recording.last_seen import LastSeen
from tfrwc.recording.pending import PendingRecords
from tfrwc.recording.recording import Recording
from tfrwc.recording.resuming import check_goes_on, step_of_model
from tfrwc.recording.same import check_same
from tfrwc.recording.schedule import Schedule, description
from tfrwc.recording.step_hook import StepHook
from tfrwc.recording.step_sums import StepSums
from tfrwc.recording.store import Store
from tfrwc.recording.training_facts import training_facts
from tfrwc.recording.watch import Tensor, Watch, layer_table, watched
from tfrwc.recording.writing import try_to_write

with keras_backend():
    import keras


class Recorder:
    """Makes the recording of one training, which may be several calls of `fit`.

    Args:
        schedule: when to record.
        measures: names from `tfrwc.recording.measures`.
        reference: ``"previous"`` or ``"initial"``.
        watch: which weights are watched; see `tfrwc.recording.watch`.
        store: of the file; None keeps the recording in memory.
        recording: what another recorder made, to be read; `start` begins a new one.

    Attributes:
        recording: so far, but for what is still on the device; None before `start`.
    """

    def __init__(
        self,
        schedule: Schedule,
        measures: tuple[str, ...],
        reference: str,
        watch: Watch,
        store: Store | None,
        recording: Recording | None = None,
    ) -> None:
        self._schedule, self._measures = schedule, measures
        self._reference, self._watch = reference, watch
        self._store = store
        self.recording = recording
        self._weights: Any = None
        self._step_sums: StepSums | None = None
        self._pending = PendingRecords()
        self._epochs = EpochCounter()
        self._clock = Clock(schedule)
        self._seen = LastSeen()

    @property
    def path(self) -> Path | None:
        """Of the file; None if there is none."""
        return None if self._store is None else self._store.path

    def open(self, model: Any, params: Any) -> None:
        """Take possession of the file, at the beginning of a `fit`.

        Args:
            model: that is trained.
            params: of the training: one object in each `fit`.

        Raises:
            OSError: if another training that is running records there.
        """
        if self._store is not None:
            self._store.writes = backends.is_chief(model)
            self._store.open(params)

    def start_fit(self) -> None:
        """Begin a `fit`, in which Keras may count epochs anew."""
        self.fetch()
        self._epochs.start_fit()

    def start(self, model: Any, params: Any, epoch: int) -> None:
        """Take the weights as they are now for those that the training begins with.

        Raises:
            ValueError: if the model is not built, or cannot go on with the recording.
        """
        check_built(model)
        tensors = watched(model, self._watch)
        self._model, self._counters = model, Counters(model)
        self.open(model, params)
        if self.recording is None or self._weights is None:  # new, or a copy
            recording = self._begin(tensors, params, epoch)
        else:
            recording = self._go_on(self.recording, tensors)
        recording.settings["finished"] = False
        self._weights.readers = backends.readers(self._weights.variables, model)
        self._seen.start(self._weights)
        self._clock.start(self._counters, self._seen.trained)

    def take_sums_in_step(self, hook: StepHook) -> None:
        """Have the training step take the sums, if each is an update to record."""
        self._measure_by(None)
        suits = self._counters.suits_step_sums() and not self._pending.leaves_out
        if suits and backends.has_compiled_steps(self._model):
            step_sums = StepSums(self._model, self._weights, self._measures)
            self._measure_by(step_sums)
            hook.step = step_sums.train_function

    def start_epoch(self, epoch: int, model: Any) -> None:
        """Begin an epoch, of this number for Keras."""
        self._epochs.start_epoch(epoch, model)
        self._clock.start_epoch()
        self._seen.start_epoch()

    def count_call(self) -> None:
        """Count a call of the batch hook, in any thread."""
        self._clock.count_call()

    def end_batch(
        self, batch: int, in_epoch: int | None, logs: Any, handed_out: Any
    ) -> None:
        """Record after a batch, if its time has come.

        Args:
            batch: Keras' number of it.
            in_epoch: batches in an epoch; None if unknown.
            logs: of the step.
            handed_out: by the train function; see `StepHook`.
        """
        if self._step_sums is not None and handed_out is None:
            self._measure_by(None)  # of a train function that Keras has made since
        if self._step_sums is None:
            if self._clock.due_after_batch(batch, in_epoch):
                self._record(logs)
            return
        numbers = self._step_sums.take(handed_out, logs)
        if self._clock.count_update() or self._clock.due_after_batch(batch, in_epoch):
            others = () if numbers.names else (logs,)
            self._add(numbers, *others, unchanging=True)

    def end_epoch(
        self, epoch: int, in_epoch: int | None, logs: Any, begun: bool
    ) -> None:
        """End an epoch, and record if its time has come.

        Args:
            epoch: Keras' number of it.
            in_epoch: batches in an epoch; None if unknown.
            logs: of the epoch.
            begun: whether the weights from before it are known.
        """
        if not self._epochs.is_open:
            self._epochs.start_epoch(epoch, self._model)
        if begun:
            epoch = self._epochs.current
            self._clock.end_epoch(epoch, in_epoch)
            by_epochs = self._schedule.unit == "epoch"
            if by_epochs and self._schedule.due(epoch - 1, epoch):
                self._record(logs)
            elif self.recording is not None:
                settings = self.recording.settings
                numbers = self._pending.numbers(logs)
                validation.keep(settings, self._clock.step, epoch, numbers)
        self._epochs.end_epoch()
        self._clock.start_epoch()
        if self._step_sums is not None:
            self._step_sums.end_epoch()
        recorded = self._reference == "previous" and self._clock.has_just_recorded()
        self._seen.end_epoch(self._weights, recorded)
        self._flush()

    def finish(self) -> None:
        """End a `fit`: all is written, and the file is free for others.

        Warns:
            RuntimeWarning: if nothing was recorded.
        """
        if self.recording is not None:
            self.recording.settings["finished"] = True
        self._flush()
        self._step_sums = None
        if self._store is not None:
            self._store.close()
        if self.recording is not None and not len(self.recording):
            self._clock.warn_of_no_record(self._epochs.done)

    def fetch(self) -> None:
        """Fetch what is measured but still on the device."""
        if self.recording is not None:
            self._pending.move_to(self.recording, self._step_sums or self._weights)

    def _begin(self, tensors: list[Tensor], params: Any, epoch: int) -> Recording:
        """Begin a recording, or go on with the one in the file."""
        table = layer_table(tensors)
        settings = {
            "every": description(self._schedule),
            "reference": self._reference,
            "watch": description(self._watch),
            "model": self._model.name,
        }
        versions = {"keras": keras.__version__, "backend": backends.BACKEND}
        resumed = None
        if self._store is not None:
            step = step_of_model(self._counters, self._store.path, epoch)
            self._clock.resume(step)
            resumed = self._store.resume(table, self._measures, settings, step)
        if resumed is None:
            recording = Recording(table, self._measures, settings, versions)
        else:
            recording = resumed
            self._epochs.resume(int(resumed.epochs[-1]) if len(resumed) else 0)
        self.recording = recording
        recording.settings["finished"] = False
        recording.settings["training"] = training_facts(
            self._model, tensors, batches_of(params)
        )
        self._attach(tensors)
        initial = None if self._reference == "previous" else self._store
        if initial is not None and resumed is not None:
            shapes = [array.shape for array in self._weights.snapshots]
            self._weights.restore(initial.load_initial(shapes))
        self._flush()  # before the initial weights of another recording are replaced
        if resumed is None:
            self._save_initial()
        return recording

    def _go_on(self, recording: Recording, tensors: list[Tensor]) -> Recording:
        """Go on with the recording of this recorder in another call of `fit`."""
        numbers = {id(v): i for i, v in enumerate(self._weights.variables)}
        new = [t for t in tensors if id(t.variable) not in numbers]
        now = [numbers.get(id(t.variable)) for t in tensors]
        present = [number for number in now if number is not None]
        self.fetch()
        self._seen.keep(self._weights)
        rewound = self._clock.is_rewound(self._counters)
        if not present:  # another model of the same kind
            check_same(recording, layer_table(tensors), self._measures, "this callback")
            check_goes_on(self._counters, self._clock, rewound, self._reference)
            self._attach(tensors)
            new, present = [], list(range(len(tensors)))
            if not self._seen.is_recorded:
                self._pending.begin_anew()
        if self._seen.were_set(self._weights, present, rewound):
            self._seen.warn(self._reference)
            self._pending.begin_anew()
            if self._reference == "previous":
                self._weights.snapshot()
        # Tensors that are no longer selected stay in the recording.
        gone = set(range(len(self._weights.variables))) - set(present)
        self._pending.leave_out(sorted(gone))
        if new:
            recording.add_layers(layer_table(new))
            self._weights.add([tensor.variable for tensor in new])
            self._save_initial()
            self._flush()
        return recording

    def _attach(self, tensors: list[Tensor]) -> None:
        variables, renew = [t.variable for t in tensors], self._reference == "previous"
        self._weights = measures_of(variables, self._measures, renew)
        self._weights.snapshot()

    def _measure_by(self, step_sums: StepSums | None) -> None:
        self.fetch()  # what was measured in another way
        self._step_sums = step_sums

    def _record(self, logs: Any) -> None:
        settings = self._counters.settings()
        if self._counters.scales_loss:
            settings["skipped_steps"] = self._clock.skipped_batches()
        self._add(self._weights.measure(), logs, settings)

    def _add(self, sums: Any, *logs: Any, unchanging: bool = False) -> None:
        step, epoch = self._clock.step, self._epochs.current
        self._pending.add(step, epoch, sums, *logs, unchanging=unchanging)
        self._clock.start_interval()
        if self._store is not None and self._schedule.unit == "step":
            self.fetch()
            try_to_write(self._store.add, self.recording, self.path)

    def _flush(self) -> None:
        self.fetch()
        if self._store is not None and self.recording is not None:
            try_to_write(self._store.save, self.recording, self.path)

    def _save_initial(self) -> None:
        if self._store is not None and self._reference == "initial":
            arrays = map(keras.ops.convert_to_numpy, self._weights.snapshots)
            try_to_write(self._store.save_initial, list(arrays), self.path)

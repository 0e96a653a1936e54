"""Sums taken within the compiled training step, where every step is recorded.

What changed from one record to the next is then what one step changed. The step has
the weights from before and after it at hand: nothing is read from outside, and the sums
wait on the device until the end of the epoch. With them, in one row of numbers, wait
the learning rate and the logs of the step: small tensors would take longer to fetch.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from tfrwc.recording import backends
from tfrwc.recording.device import DeviceMeasures, sums_of
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.logs import name_in_file
from tfrwc.recording.measures import lookup
from tfrwc.recording.step_hook import HANDED_OUT, hook_of
from tfrwc.recording.sums import values_and_flags

_CACHE = "_tfrwc_recorded_step"
_AS_FLOAT32 = ("float32", "float16", "bfloat16")

Row: TypeAlias = Callable[[list[Any], list[Any], Any, dict[str, Any]], Any]


class StepNumbers(NamedTuple):
    """What one step hands out.

    Attributes:
        row: vector of float32, which need not be computed yet: the sums of each tensor,
            the learning rate, and the logs.
        names: of the logs that are in it.
    """

    row: Any
    names: tuple[str, ...]


class StepSums:
    """A train function that hands out the sums of each step.

    Args:
        model: a model in its `fit`, whose train function is the one that Keras makes
            from its own `train_step`.
        weights: the snapshots of its watched variables.
        measures: names from `tfrwc.recording.measures`.

    Attributes:
        train_function: to be called in the place of the model's own.
    """

    def __init__(
        self,
        model: Any,
        weights: HostMeasures | DeviceMeasures,
        measures: Sequence[str],
    ) -> None:
        self._weights = weights
        self._measures = lookup(measures)
        self._width = sum(len(measure.sums) for measure in self._measures)
        self._keys: set[Any] = set()
        self._names: tuple[str, ...] = ()
        device_sums = [measure.device_sums for measure in self._measures]

        # Not of `self`: the model keeps this function, which must not keep snapshots.
        def row(
            before: list[Any], after: list[Any], rate: Any, logs: dict[str, Any]
        ) -> Any:
            pairs = zip(before, after, strict=True)
            sums = [x for pair in pairs for x in sums_of(ops, device_sums, *pair)]
            others = [rate, *(logs[name] for name in _names_in_row(logs))]
            # One operation: on a CPU, TensorFlow takes long for each.
            return ops.stack([*sums, *(ops.cast(x, "float32") for x in others)])

        key = (*map(id, weights.variables), *measures)
        self.train_function = _train_function(model, weights.variables, row, key)

    def take(self, handed_out: Any, logs: dict[str, Any]) -> StepNumbers:
        """What the step handed out, for `finish`.

        Args:
            handed_out: by the train function.
            logs: of the step.
        """
        if logs.keys() != self._keys:
            self._keys, self._names = set(logs), _names_in_row(logs)
        return StepNumbers(handed_out, self._names)

    def end_epoch(self) -> None:
        """Have the snapshots agree with the weights again."""
        self._weights.snapshot()

    def finish(
        self, results: Sequence[StepNumbers]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """Turn results of `take` into values; see `sums.values_and_flags`."""
        tensors = len(self._weights.variables)
        count = tensors * self._width
        rows = backends.host_arrays([result.row for result in results])
        self._logs = [row[count:] for row in rows]
        sums = np.stack([row[:count] for row in rows])
        return values_and_flags(sums.reshape(-1, tensors, self._width), self._measures)

    def logs(self, results: Sequence[StepNumbers]) -> list[dict[str, float]]:
        """The learning rate, and the logs in rows that `finish` has fetched."""
        logs = []
        for result, row in zip(results, self._logs, strict=True):
            rate, *values = row.tolist()
            numbers = dict(zip(result.names, values, strict=True))
            numbers.setdefault("learning_rate", rate)
            logs.append(numbers)
        return logs


def _names_in_row(logs: dict[str, Any]) -> tuple[str, ...]:
    """The names of logs, in order, if a row and a file can hold all; else none."""
    fit = all(map(_fits_in_row, logs, logs.values()))
    return tuple(sorted(logs)) if fit else ()


def _fits_in_row(name: Any, value: Any) -> bool:
    if name != name_in_file(name) or not ops.is_tensor(value) or value.shape:
        return False
    return keras.backend.standardize_dtype(value.dtype) in _AS_FLOAT32


def _train_function(
    model: Any,
    variables: list[Any],
    row: Row,
    key: tuple[Any, ...],
) -> Callable[..., Any]:
    """A train function that hands out this row of numbers.

    It is kept on the model, as Keras keeps its own: to trace it again for each `fit`
    would take longer than many a `fit`.
    """
    hook = hook_of(model)
    plain = hook.plain
    cached = vars(model).get(_CACHE)
    if cached is not None and cached[:2] == (key, plain):
        return cached[2]
    add = _in_jax_step if backends.BACKEND == "jax" else _in_tensorflow_step
    # Keras makes the train function from this name, here for once an attribute.
    vars(model)["train_step"] = add(model, variables, row)
    try:
        model.train_function = None
        model.make_train_function(force=True)
        function = model.train_function
    finally:
        model.train_function = hook
        del vars(model)["train_step"]
    vars(model)[_CACHE] = (key, plain, function)
    return function


def _in_tensorflow_step(
    model: Any, variables: list[Any], row: Row
) -> Callable[..., Any]:
    step = model.train_step

    def train_step(data: Any) -> dict[str, Any]:
        rate = _learning_rate(model.optimizer, backends.tensor)
        before = [backends.tensor(variable) for variable in variables]
        logs = step(data)
        after = [backends.tensor(variable) for variable in variables]
        return {**logs, HANDED_OUT: row(before, after, rate, logs)}

    return train_step


def _in_jax_step(model: Any, variables: list[Any], row: Row) -> Callable[..., Any]:
    step = model.train_step
    places = backends.places_in_state(model)

    def values(variables: list[Any], state: Any) -> list[Any]:
        return [state[group][i] for group, i in (places[id(v)] for v in variables)]

    def train_step(state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        logs, new_state = step(state, data)
        rate = _learning_rate(model.optimizer, lambda v: values([v], state)[0])
        before, after = values(variables, state), values(variables, new_state)
        return {**logs, HANDED_OUT: row(before, after, rate, logs)}, new_state

    return train_step


def _learning_rate(optimizer: Any, read: Callable[[Any], Any]) -> Any:
    """The learning rate of the update that a step is going to make."""
    rate = optimizer._learning_rate
    if isinstance(rate, keras.Variable):
        return read(rate)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        # Given the variable itself, as the optimizer does.
        count = optimizer.iterations
        with keras.StatelessScope(state_mapping=[(count, read(count))]):
            return rate(count)
    return ops.convert_to_tensor(rate())

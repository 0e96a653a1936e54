"""Sums taken within the compiled training step, where every step is recorded.

What changed from one record to the next is then what one step changed. The step has
the weights from before and after it at hand: nothing is read from outside, and the sums
wait on the device until the end of the epoch.

TensorFlow on a CPU makes slow work of such sums. There the step only hands out the new
weights, where they lie, and the host takes the sums.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from tfrwc.recording import backends
from tfrwc.recording.device import DeviceMeasures, sums_of
from tfrwc.recording.host import HostMeasures
from tfrwc.recording.measures import lookup
from tfrwc.recording.step_hook import HANDED_OUT, hook_of
from tfrwc.recording.sums import values_and_flags

_CACHE = "_tfrwc_recorded_step"


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
        self._on_host = (
            isinstance(weights, HostMeasures) and backends.BACKEND == "tensorflow"
        )
        device_sums = [measure.device_sums for measure in self._measures]

        # Not of `self`: the model keeps this function, which must not keep snapshots.
        def sums(before: list[Any], after: list[Any]) -> Any:
            pairs = zip(before, after, strict=True)
            return ops.stack([sums_of(ops, device_sums, *pair) for pair in pairs])

        def new_weights(before: list[Any], after: list[Any]) -> Any:
            return {str(number): weight for number, weight in enumerate(after)}

        self.train_function = _train_function(
            model,
            weights.variables,
            new_weights if self._on_host else sums,
            key=(*map(id, weights.variables), *measures),
        )

    def take(self, handed_out: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The sums of a step, and what belongs into its logs.

        Args:
            handed_out: by the train function. None of it need be computed yet.
        """
        sums = handed_out["outputs"]
        if self._on_host:
            sums = self._weights.measure(sums.values())
        return sums, {"learning_rate": handed_out["learning_rate"]}

    def end_epoch(self) -> None:
        """Have the snapshots agree with the weights again."""
        if not self._on_host:
            self._weights.snapshot()

    def finish(
        self, results: Sequence[Any]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
        """Turn results of `take` into values; see `sums.values_and_flags`."""
        return values_and_flags(backends.fetched(results), self._measures)


def _train_function(
    model: Any,
    variables: list[Any],
    outputs: Callable[[list[Any], list[Any]], Any],
    key: tuple[Any, ...],
) -> Callable[..., Any]:
    """A train function that hands out these outputs and the learning rate.

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
    vars(model)["train_step"] = add(model, variables, outputs)
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
    model: Any, variables: list[Any], outputs: Callable[..., Any]
) -> Callable[..., Any]:
    step = model.train_step

    def train_step(data: Any) -> dict[str, Any]:
        rate = _learning_rate(model.optimizer, backends.tensor)
        before = [backends.tensor(variable) for variable in variables]
        logs = step(data)
        after = [backends.tensor(variable) for variable in variables]
        added = {"learning_rate": rate, "outputs": outputs(before, after)}
        return {**logs, HANDED_OUT: added}

    return train_step


def _in_jax_step(
    model: Any, variables: list[Any], outputs: Callable[..., Any]
) -> Callable[..., Any]:
    step = model.train_step
    places = backends.places_in_state(model)

    def values(variables: list[Any], state: Any) -> list[Any]:
        return [state[group][i] for group, i in (places[id(v)] for v in variables)]

    def train_step(state: Any, data: Any) -> tuple[dict[str, Any], Any]:
        logs, new_state = step(state, data)
        rate = _learning_rate(model.optimizer, lambda v: values([v], state)[0])
        sums = outputs(values(variables, state), values(variables, new_state))
        added = {"learning_rate": rate, "outputs": sums}
        return {**logs, HANDED_OUT: added}, new_state

    return train_step


def _learning_rate(optimizer: Any, read: Callable[[Any], Any]) -> Any:
    """The learning rate of the update that a step is going to make."""
    rate = optimizer._learning_rate
    if isinstance(rate, keras.Variable):
        return read(rate)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return rate(read(optimizer.iterations))
    return ops.convert_to_tensor(rate())

"""What a model's optimizer has counted and set."""

from collections.abc import Callable
from typing import Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from tfrwc.recording import backends


class Counters:
    """Reads the counts and settings of an optimizer, as cheaply as a step allows.

    Args:
        model: a compiled model, at the start of its `fit`.

    Attributes:
        scales_loss: whether an update is skipped if a gradient is not finite.
        updates_with_each_batch: whether each batch is certain to make one update, so
            that batches count them.

    Raises:
        ValueError: if the model has no optimizer.
    """

    def __init__(self, model: Any) -> None:
        optimizer = model.optimizer
        if optimizer is None:
            raise ValueError(
                f"Model {model.name!r} has no optimizer, whose count of updates is the "
                "clock of a recording. Pass one to model.compile."
            )
        self._model, self._optimizer = model, optimizer
        self._inner = getattr(optimizer, "inner_optimizer", optimizer)
        self._readers: dict[int, Callable[[], Any]] = {}
        # A MultiOptimizer has several.
        self._has_learning_rate = hasattr(self._inner, "learning_rate")
        self.scales_loss = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)
        self.updates_with_each_batch = (
            _is_that_of(keras.Model, model.train_step)
            and _is_that_of(keras.optimizers.Optimizer, optimizer.apply)
            and not optimizer.gradient_accumulation_steps
            and model.steps_per_execution == 1
            and bool(model.trainable_variables)
        )

    def updates(self) -> int:
        """Optimizer updates done: the clock of a recording.

        With gradient accumulation an update takes several batches; an update that a
        loss scale optimizer skipped does not count.
        """
        batches_per_update = int(self._inner.gradient_accumulation_steps or 1)
        return self.applied_batches() // batches_per_update

    def applied_batches(self) -> int:
        """Batches whose gradients the optimizer has taken."""
        return int(self._number(self._inner.variables[0]))

    def settings(self) -> dict[str, float]:
        """Numbers to log beside loss and metrics.

        Returns:
            learning_rate, that of the last update, if all weights have the same; where
            gradients are accumulated, batches (see `applied_batches`); where the loss
            is scaled, loss_scale.
        """
        settings: dict[str, float] = {}
        if self._has_learning_rate:
            settings["learning_rate"] = self._learning_rate()
        if self._inner.gradient_accumulation_steps:
            settings["batches"] = self.applied_batches()
        if self.scales_loss:
            settings["loss_scale"] = self._number(self._optimizer.dynamic_scale)
        return settings

    def _learning_rate(self) -> float:
        rate = self._inner._learning_rate
        if isinstance(rate, keras.Variable):
            return self._number(rate)
        if isinstance(rate, LearningRateSchedule):
            # The optimizer's own is that of the next update already.
            return backends.number(rate(max(self.applied_batches() - 1, 0)))
        return backends.number(self._inner.learning_rate)

    def _number(self, variable: Any) -> float:
        read = self._readers.get(id(variable))
        if read is None:
            [read] = backends.readers([variable], self._model)
            self._readers[id(variable)] = read
        return backends.number(read())


def _is_that_of(kind: type, method: Any) -> bool:
    """Whether a bound method is the one that `kind` defines."""
    return getattr(method, "__func__", None) is getattr(kind, method.__name__)

"""What the optimizers of a model have counted and set."""

from typing import Any

import keras

from tfrwc.recording.optimizers import OptimizerState, optimizers_of

_OWN = "optimizer"  # the name of the one that `compile` was given


class Counters:
    """Reads the counts and settings of optimizers, as cheaply as a step allows.

    Args:
        model: at the start of a training. It need not be compiled.

    Attributes:
        scales_loss: whether an update is skipped if a gradient is not finite.
        updates_with_each_batch: whether each batch makes one update if `fit` trains
            the model, so that batches count them.
        batches_per_call: of the batch hook, at most.
    """

    def __init__(self, model: Any) -> None:
        optimizer = getattr(model, "optimizer", None)
        has_one = isinstance(optimizer, keras.optimizers.Optimizer)
        self._others = {
            name: OptimizerState(other, model)
            for name, other in optimizers_of(model).items()
            if other is not optimizer
        }
        self.batches_per_call = int(getattr(model, "steps_per_execution", 1))
        self._own = OptimizerState(optimizer, model) if has_one else None
        self.scales_loss = self._own is not None and self._own.scales_loss
        keras_step = _is_that_of(keras.Model, getattr(model, "train_step", None))
        own_step = has_one and keras_step
        self.updates_with_each_batch = (
            own_step
            and _is_that_of(keras.optimizers.Optimizer, optimizer.apply)
            and not optimizer.gradient_accumulation_steps
            and model.steps_per_execution == 1
            and bool(model.trainable_variables)
        )

    def updates(self) -> int:
        """Updates by the model's own optimizer; 0 if it has none.

        With gradient accumulation an update takes several batches; an update that a
        loss scale optimizer skipped does not count.
        """
        return 0 if self._own is None else self._own.updates()

    def applied_batches(self) -> int:
        """Batches whose gradients the model's own optimizer has taken."""
        return 0 if self._own is None else self._own.applied_batches()

    def own_moved(self) -> bool:
        """Whether the model's own optimizer took part since the training started."""
        return self._own is not None and self._own.moved()

    def others_moved(self) -> bool:
        """Whether another optimizer did."""
        return any(other.moved() for other in self._others.values())

    def other_updates(self) -> dict[str, int]:
        """Updates by each of the other optimizers, by name."""
        return {name: other.updates() for name, other in self._others.items()}

    def suits_step_sums(self) -> bool:
        """Whether a batch is an update, and that of the model's own optimizer."""
        one_update = self.updates_with_each_batch and not self.scales_loss
        return one_update and not self._others

    def settings(self) -> dict[str, float]:
        """Numbers to log beside loss and metrics, of the optimizers in use.

        Returns:
            learning_rate, that of the last update, if all weights have the same; where
            gradients are accumulated, batches (see `applied_batches`); where the loss
            is scaled, loss_scale. Of another optimizer, ``learning_rate.NAME`` and
            ``updates.NAME``, by the attribute of the model that holds it; where there
            is only one and it trains the model alone, its rate is learning_rate.
        """
        settings: dict[str, float | None] = {}
        own = self._own
        if own is not None and own.moved():
            settings["learning_rate"] = own.learning_rate()
            if own.batches_per_update > 1:
                settings["batches"] = own.applied_batches()
            if own.scales_loss:
                settings["loss_scale"] = own.loss_scale()
        alone = not settings and len(self._others) == 1
        for name, other in self._others.items():
            if other.moved():
                rate = "learning_rate" if alone else f"learning_rate.{name}"
                settings[rate] = other.learning_rate()
                settings[f"updates.{name}"] = other.updates()
        return {name: value for name, value in settings.items() if value is not None}


def _is_that_of(kind: type, method: Any) -> bool:
    """Whether a bound method is the one that `kind` defines."""
    function = getattr(method, "__func__", None)
    return function is not None and function is getattr(kind, method.__name__, None)

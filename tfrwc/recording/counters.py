"""What a model's optimizer has counted and set."""

import keras

from tfrwc.recording._backends import number


def updates(model) -> int:
    """Optimizer updates done: the clock of a recording.

    With gradient accumulation an update takes several batches; an update that a loss
    scale optimizer skipped does not count.

    Raises:
        ValueError: if the model has no optimizer.
    """
    optimizer = model.optimizer
    if optimizer is None:
        raise ValueError(
            f"Model {model.name!r} has no optimizer, whose count of updates is the "
            "clock of a recording. Pass one to model.compile."
        )
    return int(number(optimizer.iterations))


def updates_with_each_batch(model) -> bool:
    """Whether each batch is certain to make one update, so that batches count them."""
    optimizer = model.optimizer

    def is_that_of(method, kind):
        name = method.__name__
        return getattr(method, "__func__", None) is getattr(kind, name)

    return (
        is_that_of(model.train_step, keras.Model)
        and is_that_of(optimizer.apply, keras.optimizers.Optimizer)
        and not optimizer.gradient_accumulation_steps
        and model.steps_per_execution == 1
        and bool(model.trainable_variables)
    )


def applied_batches(model) -> int:
    """Batches whose gradients the optimizer has taken."""
    optimizer = model.optimizer
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return int(number(inner.variables[0]))  # `iterations` before accumulation


def scales_loss(model) -> bool:
    """Whether an optimizer update is skipped if a gradient is not finite."""
    return isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)


def settings(model) -> dict:
    """Numbers to log beside loss and metrics.

    Returns:
        learning_rate, that of the last update; where gradients are accumulated, batches
        (see `applied_batches`); where the loss is scaled, loss_scale.
    """
    optimizer = model.optimizer
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    found = {}
    if isinstance(
        inner._learning_rate, keras.optimizers.schedules.LearningRateSchedule
    ):
        # `inner.learning_rate` is that of the next update already.
        last = max(applied_batches(model) - 1, 0)
        found["learning_rate"] = number(inner._learning_rate(last))
    else:
        found["learning_rate"] = number(inner.learning_rate)
    if inner.gradient_accumulation_steps:
        found["batches"] = applied_batches(model)
    if scales_loss(model):
        found["loss_scale"] = number(optimizer.dynamic_scale)
    return found

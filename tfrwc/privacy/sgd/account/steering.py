"""Training data that steer a private training past its noise.

A callback that looks at the training loss, which has no noise, and stops the training,
changes its rate or chooses a checkpoint, lets the data decide what no account knows of.
So do statistics of the data in a layer.
"""

import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras

from tfrwc.privacy.sgd.account.copies import have_common

# Layers with statistics of data, and the arguments that set them instead.
_ADAPTED = {
    "Normalization": "input_mean",
    "Discretization": "input_bin_boundaries",
    "IndexLookup": "input_vocabulary",
}

# Of which it is known by what they set learning rates.
RATE_SETTERS = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
)
USED_BEFORE = (
    "The optimizer took steps before that are not of this account: what it holds of "
    "the images from there is not counted."
)
VALIDATION_ON_TRUST = (
    "A callback decided by validation images that cannot be looked through: that none "
    "of them is a training image is taken on trust."
)
RATE_SET = (
    "A callback set the learning rate: if it looked at the training images without "
    "noise, that costs privacy which is not counted."
)


# Optimizers that private models have had since their first step.
_FROM_THE_BEGINNING: "weakref.WeakSet[keras.optimizers.Optimizer]" = weakref.WeakSet()


def was_used_before(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether the optimizer of a private model took steps before it was one's.

    It may be set to another at any time, and so is asked about before each training.
    """
    if not int(optimizer.iterations):
        _FROM_THE_BEGINNING.add(optimizer)
    return optimizer not in _FROM_THE_BEGINNING


def rate_of(optimizer: keras.optimizers.Optimizer) -> float | None:
    """The learning rate that callbacks may set; None if it follows a schedule."""
    rate = getattr(optimizer, "_learning_rate", None)
    if rate is None or callable(rate):
        return None
    return float(keras.ops.convert_to_numpy(rate))


def adapted_layers(model: keras.Model) -> Iterator[str]:
    """Sentences on layers whose statistics were taken from data by `adapt`."""
    for layer in model._flatten_layers():
        names = {kind.__name__ for kind in type(layer).__mro__}
        for kind in names & _ADAPTED.keys():
            if getattr(layer, _ADAPTED[kind], None) is None:
                yield (
                    f"Layer {layer.name!r} holds statistics of the data that it was "
                    "adapted to: if these were the training images, that costs "
                    "privacy which is not counted."
                )


def steering_callbacks(
    callbacks: Iterable[Any], options: Mapping[str, Any], x: Any
) -> Iterator[str]:
    """Sentences on callbacks that look at the training images without noise, and
    `VALIDATION_ON_TRUST` where nobody can tell.

    Args:
        callbacks: of fit.
        options: the others of fit.
        x: the training images, which validation data may be, too.
    """
    monitors = [(callback, _monitored(callback)) for callback in callbacks]
    of_validation = [m for _, m in monitors if m is not None and m.startswith("val_")]
    same = _is_shared(x, options) if of_validation else False
    if same is None:
        yield VALIDATION_ON_TRUST
    for callback, monitor in monitors:
        if monitor is None or (monitor in of_validation and not same):
            continue
        yield (
            f"{type(callback).__name__} decided by {monitor!r}, which is computed from "
            "the training images without noise: that costs privacy which is not "
            "counted."
        )


def _is_shared(x: Any, options: Mapping[str, Any]) -> bool | None:
    """Whether some of the training images are validation data, too; None if nobody can
    look."""
    validation = options.get("validation_data")
    if validation is None:  # or a part of x, which is then not trained on
        return False
    if validation is x:
        return True
    x, validation = (getattr(part, "arrays", part) for part in (x, validation))
    if not isinstance(validation, (tuple, list)) or not validation:
        return None
    if isinstance(x, tuple):  # of Poisson samples
        x = x[0]
    return validation[0] is x or have_common(x, validation[0])


def _monitored(callback: Any) -> str | None:
    """The name of the number by which a callback decides; None if it does not."""
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        return "loss"
    if not getattr(callback, "save_best_only", True):
        return None
    names = (getattr(callback, name, None) for name in ("monitor", "_monitor"))
    return next((name for name in names if isinstance(name, str)), None)

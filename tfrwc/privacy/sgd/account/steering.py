"""Training data that steer a private training past its noise.

A callback that looks at the training loss, which has no noise, and stops the training,
changes its rate or chooses a checkpoint, lets the data decide what no account knows of.
So do statistics of the data in a layer.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

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
RATE_SET = (
    "A callback set the learning rate: if it looked at the training images without "
    "noise, that costs privacy which is not counted."
)


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
    """Sentences on callbacks that look at the training images without noise.

    Args:
        callbacks: of fit.
        options: the others of fit.
        x: the training images, which validation data may be, too.
    """
    same = _are_shared(x, options.get("validation_data"))
    for callback in callbacks:
        monitor = _monitored(callback)
        if monitor is None or (monitor.startswith("val_") and not same):
            continue
        yield (
            f"{type(callback).__name__} decided by {monitor!r}, which is computed from "
            "the training images without noise: that costs privacy which is not "
            "counted."
        )


def _are_shared(x: Any, validation: Any) -> bool:
    """Whether some of the training images are validation data, too: in memory, or as
    a copy of all."""
    if validation is x:
        return True
    validation = getattr(validation, "arrays", validation)  # of Poisson samples
    if not isinstance(validation, (tuple, list)):
        return False
    one, other = (
        [part for part in keras.tree.flatten(data) if isinstance(part, np.ndarray)]
        for data in (getattr(x, "arrays", x), validation[0])
    )
    return validation[0] is x or any(map(_have_common, one, other))


def _have_common(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape == other.shape and np.array_equal(one, other):
        return True
    try:
        return np.shares_memory(one, other, max_work=10_000)
    except np.exceptions.TooHardError:
        return False


def _monitored(callback: Any) -> str | None:
    """The name of the number by which a callback decides; None if it does not."""
    if isinstance(callback, keras.callbacks.TerminateOnNaN):
        return "loss"
    if not getattr(callback, "save_best_only", True):
        return None
    names = (getattr(callback, name, None) for name in ("monitor", "_monitor"))
    return next((name for name in names if isinstance(name, str)), None)

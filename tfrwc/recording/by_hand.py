"""Trainings that call a callback's methods by hand, in other ways than `fit` does."""

import warnings
from operator import index
from typing import Any

import keras

from tfrwc.recording.watch import has_unbuilt_layers, tensors


class Fit:
    """The model and parameters of the training that a callback is in.

    Keras gives a callback others where it is passed to `evaluate` or `predict` as well.
    """

    def __init__(self) -> None:
        self._own: tuple[Any, Any] | None = None
        self._told = False

    def enter(self, callback: Any) -> None:
        """Begin a training with the model and parameters that a callback has."""
        self._own = callback._model, callback.params

    def leave(self) -> None:
        """End the training."""
        self._own = None

    def recall(self, callback: Any) -> None:
        """Give a callback the model and parameters with which the training began.

        Raises:
            ValueError: if the callback has no model that can be recorded.
        """
        if self._own is None:
            self.enter(callback)
        model, _ = self._own  # type: ignore[misc]
        if model is None:
            raise ValueError(
                "RWCCallback has no model yet. In a loop of your own, call "
                "callback.set_model(model), or pass the callback to "
                "keras.callbacks.CallbackList([...], model=model), before all else."
            )
        if callback._model is not model:
            callback.set_model(model)
        callback.params = self._own[1]  # type: ignore[index]
        if not isinstance(callback.model, keras.layers.Layer):
            raise ValueError(
                "RWCCallback records a keras.Model. Received a model of type "
                f"{type(model).__name__}."
            )

    def batches_in_epoch(self) -> int | None:
        """Batches in an epoch; None in the first of a generator, or if not told."""
        params = self._own[1] if self._own is not None else None
        return batches_of(params)

    def warn_of_late_start(self) -> bool:
        """Say once that the recording began late; returns False.

        Warns:
            RuntimeWarning: the first time.
        """
        if self._told:
            return False
        self._told = True
        warnings.warn(
            "The recording begins only here, as the weights before are not known: "
            "on_epoch_begin was not called, or the model was not built then. In a loop "
            "of your own, build the model first, and call on_train_begin, "
            "on_epoch_begin, on_train_batch_end after each step, on_epoch_end and "
            "on_train_end. This is said once.",
            RuntimeWarning,
            stacklevel=4,
        )
        return False


def batches_of(params: Any) -> int | None:
    """Batches in an epoch, by the parameters of a training; None if not told."""
    try:
        steps = index((params or {}).get("steps"))  # a tensor, of tf.data's cardinality
    except TypeError:
        return None
    return steps if steps > 0 else None


def check_built(model: Any) -> None:
    """Check that a model that nothing builds before its first step has weights.

    Raises:
        ValueError: if it has none.
    """
    if has_unbuilt_layers(model, include_self=False) and not tensors(model):
        raise ValueError(
            f"Model {model.name!r} is not built, so its initial weights are not known. "
            "In a loop of your own, call the model on one batch, or model.build with "
            "the shape of its inputs, before the first epoch."
        )

"""Train a network, and say which epoch it is in."""

from collections.abc import Sequence
from typing import Any

import keras

from tfrwc._common.activity import Activity, doing


def fit(
    model: Any,
    *data: Any,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback],
    **options: Any,
) -> None:
    """Train by a model's `fit`, without Keras' own progress bar.

    Args:
        model: of Keras, or a private one.
        *data: inputs, and labels if they are not in them.
        epochs: the last one to train.
        callbacks: further ones.
        **options: of `fit`.
    """
    with doing("epoch", of=epochs) as activity:
        model.fit(
            *data,
            epochs=epochs,
            callbacks=[*callbacks, _Epochs(activity)],
            verbose=0,
            **options,
        )


class _Epochs(keras.callbacks.Callback):
    """Tells an activity how far the training is."""

    # It waits for nothing that a device computes.
    async_safe = True

    def __init__(self, activity: Activity) -> None:
        super().__init__()
        self._activity = activity
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if epoch > self._epoch:  # those before it were trained by an earlier process
            self._activity.skip()
            self._activity.reach(epoch)
        self._epoch = epoch

    def on_train_batch_end(
        self, batch: int, logs: dict[str, Any] | None = None
    ) -> None:
        if steps := self.params.get("steps"):
            # What comes after the last batch, such as validation, is a part, too.
            self._activity.reach(self._epoch + (batch + 1) / (steps + 1))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs and "loss" in logs:
            self._activity.note = f"loss {float(logs['loss']):.3g}"
        self._epoch = epoch + 1
        self._activity.reach(self._epoch)

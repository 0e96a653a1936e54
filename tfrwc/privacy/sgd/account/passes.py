"""A callback that counts the passes of a fit over its examples."""

from collections.abc import Mapping
from typing import Any

import keras

from tfrwc.privacy.sgd.account.account import Account
from tfrwc.privacy.sgd.account.training_data import TrainingData


class Watch(keras.callbacks.Callback):
    """Counts the passes of a fit, and knows the weights at the ends of epochs."""

    def __init__(self, account: Account, data: TrainingData) -> None:
        super().__init__()
        self._account, self._passes = account, data.passes

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        for _ in range(self._passes):
            self._account.counters.begin_pass()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._account.ledger.remember_weights()


class Awaited(keras.callbacks.Callback):
    """Knows whether the loop of fit is about to take a step; the last of callbacks.

    Attributes:
        is_awaited: whether it is, and no step has been taken since.
    """

    is_awaited = False

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.is_awaited = True


def watched(callbacks: Any, watch: Watch, awaited: Awaited) -> Any:
    """The callbacks of fit, behind one that counts, and before one that awaits."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.callbacks.insert(0, watch)
        callbacks.callbacks.append(awaited)
        return callbacks
    return [watch, *callbacks_of({"callbacks": callbacks}), awaited]


def callbacks_of(options: Mapping[str, Any]) -> list[Any]:
    """The callbacks among the options of fit."""
    callbacks = options.get("callbacks")
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return list(callbacks.callbacks)
    return list(keras.tree.flatten(callbacks)) if callbacks else []

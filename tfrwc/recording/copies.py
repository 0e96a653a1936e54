"""Copies of a callback, as tuners and cross-validation make them."""

from typing import Any

# What belongs to a training: the model, its state on the device, and what counts it.
_OF_THE_TRAINING = {
    *("_model", "params", "_weights", "_pending", "_epochs", "_clock", "_counters"),
    *("_started", "_fit", "_seen", "on_train_batch_end"),
}


def state_of(callback: Any) -> dict[str, Any]:
    """What copies and pickles of an `RWCCallback` have.

    That is its settings, and a copy of what is recorded so far: not the training, and
    not the file, which only one may write. In its `fit`, a copy records as a new
    callback of that path would.
    """
    callback._fetch_pending()
    recording, store = callback._recording, callback._store
    return {
        **{k: v for k, v in vars(callback).items() if k not in _OF_THE_TRAINING},
        "_recording": None if recording is None else recording.since(0),
        "_store": None if store is None else store.unused(),
        "_model": None,
        "params": None,
    }

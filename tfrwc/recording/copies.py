"""Copies of a callback, as tuners and cross-validation make them."""

from typing import Any

_OF_THE_TRAINING = {"_recorder", "_started", "_batches", "_fit", "_findings"}


def state_of(callback: Any) -> dict[str, Any]:
    """What copies and pickles of an `RWCCallback` have.

    That is its settings, and, as ``recording``, a copy of what is recorded so far: not
    the training, and not the file, which only one may write. In its `fit`, a copy
    records as a new callback of that path would.
    """
    recorder, store = callback._recorder, callback._store
    recorder.fetch()
    recording = recorder.recording
    return {
        **{k: v for k, v in vars(callback).items() if k not in _OF_THE_TRAINING},
        "recording": None if recording is None else recording.since(0),
        "_store": None if store is None else store.unused(),
        "_model": None,
        "params": None,
    }

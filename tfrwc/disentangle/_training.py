"""Train an ensemble to the end, from wherever its file stands."""

import json
import os

import keras
import numpy as np

# An improvement of the loss by less than this part of itself is none.
_LEAST_GAIN = 1e-4


def train(ensemble, epochs, patience, verbose, path, settings) -> dict:
    """Train all members.

    Args:
        ensemble: an `Ensemble`, as it was made.
        epochs, patience, verbose: as of `BetaSweep`.
        path: None, or an .npz file of the state after each epoch.
        settings: plain values that say which sweep `path` holds.

    Returns:
        Arrays: history (epochs, terms, members), NaN from where a member stopped;
        weight_0, …, (members, …); and those of `Ensemble.evaluate`.

    Raises:
        ValueError: if `path` holds another sweep.
    """
    found = {} if path is None else read(path, settings)
    if "rates" in found:
        return found
    history = list(found.get("history", []))
    if found:
        ensemble.set_state(listed(found, "state"))
    bar = keras.utils.Progbar(
        epochs,
        unit_name="epoch",
        verbose=verbose,
        stateful_metrics=["loss", "training"],
    )
    while len(history) < epochs:
        training = still_training(history, patience, ensemble.members)
        if not training.any():
            break
        means = ensemble.epoch(len(history), training)
        history.append(np.where(training, means, np.nan))
        shown = [("loss", means[0][training].mean()), ("training", training.sum())]
        bar.update(len(history), shown)
        if path is not None:
            state = _numbered("state", ensemble.state())
            _write(path, settings, {"history": history} | state)
    weights = _numbered("weight", ensemble.state()[: len(ensemble.weights)])
    trained = {"history": np.array(history)} | weights | ensemble.evaluate()
    if path is not None:
        _write(path, settings, trained)
    return trained


def still_training(history, patience, members) -> np.ndarray:
    """Which members go on after a history (epochs, terms, members): bools."""
    training = np.ones(members, bool)
    best, waited = np.full(members, np.inf), np.zeros(members, int)
    for loss, *_ in history:
        training &= np.isfinite(loss)
        if patience is not None:
            gained = best - loss > _LEAST_GAIN * np.abs(loss)
            best, waited = np.where(gained, loss, best), np.where(gained, 0, waited + 1)
            training &= waited < patience
    return training


def read(path, settings) -> dict:
    """The arrays in a file, none if there is no file."""
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    held, asked = json.loads(str(arrays.pop("settings"))), _plain(settings)
    different = sorted(key for key in asked if not _agree(held.get(key), asked[key]))
    if different:
        raise ValueError(
            f"{path} holds a sweep with other settings ({', '.join(different)}). Give "
            "another path, or the same settings to go on with it."
        )
    return arrays


def _agree(held, asked):
    """Equal; lists of fractions up to the rounding of another processor."""
    if isinstance(asked, list) and asked and isinstance(asked[0], float):
        same_length = held is not None and len(held) == len(asked)
        return same_length and np.allclose(held, asked, rtol=1e-3, atol=1e-5)
    return held == asked


def _write(path, settings, arrays):
    partial = path.with_name(f"{path.name}.partial")
    with open(partial, "wb") as file:
        np.savez(file, settings=json.dumps(_plain(settings)), **arrays)
    os.replace(partial, path)


def _plain(settings):
    return json.loads(json.dumps(settings))


def _numbered(name, arrays):
    return {f"{name}_{i}": array for i, array in enumerate(arrays)}


def listed(arrays, name) -> list:
    """The arrays name_0, name_1, …"""
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{i}"] for i in range(count)]

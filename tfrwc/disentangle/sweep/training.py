"""Train members of a sweep to the end, from wherever their file stands."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tfrwc._common.activity import doing
from tfrwc._common.status_line import shown
from tfrwc.disentangle.beta_vae import BetaVAE
from tfrwc.disentangle.sweep.contents import check_contents, check_state
from tfrwc.disentangle.sweep.ensemble import Ensemble
from tfrwc.disentangle.sweep.options import TrainingOptions
from tfrwc.disentangle.sweep.state_file import (
    Arrays,
    in_order,
    numbered,
    read_state,
    write_state,
)

# An improvement of the loss by less than this part of itself is none.
_LEAST_GAIN = 1e-4


def train_members(
    models: Mapping[int, BetaVAE],
    members: Sequence[tuple[float, int]],
    x: NDArray[np.floating],
    options: TrainingOptions,
    path: Path | None,
) -> Arrays:
    """Train members of a sweep together.

    Args:
        models: an untrained model for each seed.
        members: β and seed of each.
        x: examples (n, …).
        options: how they are trained.
        path: None, or an .npz file of the state after each epoch.

    Returns:
        Arrays: history (epochs, terms, members), NaN from where a member stopped;
        weight_0, …, (members, …); and those of `Ensemble.evaluate`.

    Raises:
        ValueError: if `path` holds another sweep, or nothing whole.
    """
    betas, seeds = zip(*members, strict=True)
    template = models[seeds[0]]
    settings = settings_of(template, members, digest_of(x), options)
    saved = {}
    if path is not None and path.exists():
        saved = read_training(path, settings, template.n_latents)
    if "rates" in saved:  # it was trained to the end
        return saved
    starts = {
        seed: [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
        for seed, model in models.items()
    }
    weights = [
        np.stack(values)
        for values in zip(*(starts[seed] for seed in seeds), strict=True)
    ]
    ensemble = Ensemble(template, betas, seeds, weights, x, options)
    if path is not None and saved:
        state = in_order(saved, "state")
        check_state(path, state, ensemble.state())
        ensemble.set_state(state)
    return _train(ensemble, options, path, settings, list(saved.get("history", [])))


def settings_of(
    template: BetaVAE,
    members: Sequence[tuple[float, int]],
    digest: str,
    options: TrainingOptions,
) -> dict[str, Any]:
    """What tells a training of members from any other, as plain values.

    Args:
        template: an untrained model with the seed of the first member.
        members: β and seed of each.
        digest: of the examples, see `digest_of`.
        options: how they are trained.
    """
    count = len(members)
    return {
        "members": members,
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "learning_rate": options.learning_rate,
        "patience": options.patience,
        "likelihood": template.likelihood,
        "posterior": template.posterior,
        "noise": template.given_noise,
        "weights": [(count, *v.shape) for v in template.trainable_variables],
        "dtype": template.dtype_policy.name,
        "networks": _outputs(template),
        "x": digest,
    }


def digest_of(x: NDArray[np.float32]) -> str:
    """A short text that tells examples from others."""
    return hashlib.sha256(np.ascontiguousarray(x).data).hexdigest()


def read_training(path: Path, settings: Mapping[str, Any], n_latents: int) -> Arrays:
    """Read how far a training is: what `train_members` returns, or its state.

    Args:
        path: of a file.
        settings: of `settings_of`, which it must have.
        n_latents: of a member.

    Raises:
        ValueError: if the file is damaged, lacks something, or is of another sweep.
    """
    saved = read_state(path, settings)
    shapes = settings["weights"]
    check_contents(path, saved, shapes, settings["epochs"], n_latents)
    return saved


def _train(
    ensemble: Ensemble,
    options: TrainingOptions,
    path: Path | None,
    settings: Mapping[str, Any],
    history: list[NDArray[Any]],
) -> Arrays:
    """Train to the end, after the epochs that the history has."""
    show = shown if options.verbose else doing
    with show("epoch", of=options.epochs) as activity:
        if history:
            activity.skip()
            activity.reach(len(history))
        while len(history) < options.epochs:
            training = still_training(history, options.patience, ensemble.members)
            if not training.any():
                break
            means = ensemble.epoch(len(history), training)
            history.append(np.where(training, means, np.nan))
            if path is not None:
                state = numbered("state", ensemble.state())
                write_state(path, settings, {"history": np.array(history)} | state)
            activity.note = (
                f"{training.sum()} models, mean loss {means[0][training].mean():.3g}"
            )
            activity.advance()
    weights = numbered("weight", ensemble.state()[: len(ensemble.weights)])
    trained = {"history": np.array(history)} | weights | ensemble.evaluate()
    if path is not None:
        write_state(path, settings, trained)
    return trained


def still_training(
    history: Sequence[NDArray[np.float64]], patience: int | None, members: int
) -> NDArray[np.bool_]:
    """Which members go on: bools (members,).

    Args:
        history: of each epoch until now, (terms, members), the loss first.
        patience: as of `TrainingOptions`.
        members: how many there are.
    """
    training = np.ones(members, bool)
    best, waited = np.full(members, np.inf), np.zeros(members, int)
    for loss, *_ in history:
        training &= np.isfinite(loss)
        if patience is not None:
            gained = best - loss > _LEAST_GAIN * np.abs(loss)
            best, waited = np.where(gained, loss, best), np.where(gained, 0, waited + 1)
            training &= waited < patience
    return training


def _outputs(vae: BetaVAE) -> list[float]:
    """What an untrained model makes of one x, which tells networks of the same shapes
    from each other, or fixed decoders."""
    x = np.linspace(0.1, 1, math.prod(vae.shape), dtype=np.float32)
    noise = np.linspace(0.5, 1, vae.n_latents, dtype=np.float32)
    inferred = vae.infer(x.reshape(1, *vae.shape), noise[None])
    parts = [keras.ops.convert_to_numpy(inferred[key]) for key in ("mean", "decoded")]
    outputs: list[float] = np.concatenate([p.ravel()[:100] for p in parts]).tolist()
    return outputs

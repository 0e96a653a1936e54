"""Train by a recipe: the ways of training that `tfrwc.studies.settings` names."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from tfrwc._version import __version__
from tfrwc.models.saved import read_model, read_training
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import PrivacyStatement
from tfrwc.recording.recording import load_recording
from tfrwc.studies import run_fn
from tfrwc.studies.dynamics import training as dynamics_training
from tfrwc.studies.dynamics.analysis import MEASURES
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.example_sets import read_about, read_image_set, read_task
from tfrwc.studies.networks import prepare
from tfrwc.studies.privacy import runs
from tfrwc.studies.privacy import start as private_start
from tfrwc.studies.settings import RUN_FN, Settings

Folder = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Trained:
    """What comes of a training.

    Attributes:
        model: of Keras.
        facts: plain data, for training.json.
        statement: of its privacy, with to_dict and explain.
    """

    model: keras.Model
    facts: dict[str, Any]
    statement: PrivacyStatement


def train(
    settings: Settings,
    examples: Folder,
    recorded: Path,
    progress: Path,
    base: Folder | None = None,
) -> Trained:
    """Train by a recipe.

    Args:
        settings: a `Settings`.
        examples: folder of the Examples.
        recorded: file for the recording.
        progress: folder in which ``published`` keeps what to go on from after it was
            killed; ``run_fn`` may.
        base: folder of the Model whose weights all layers but the last start from;
            None for random ones, from which published and public start.

    Raises:
        ValueError: if there is a base for a recipe that takes none, or as of
            `tfrwc.studies.networks` and `tfrwc.studies.run_fn`.
        RuntimeError: if a function of the user fails.
    """
    if base is not None and settings.recipe in ("published", "public"):
        raise ValueError(
            f"The recipe {settings.recipe} starts from random weights: give no base."
        )
    began = time.monotonic()
    model, facts, statement = _TRAINED[settings.recipe](
        settings, examples, recorded, progress, base
    )
    facts = {
        "recipe": settings.recipe,
        "network": settings.name,
        "seed": settings.seed,
        "data": read_about(examples),
        **facts,
        "base": None if base is None else read_training(base),
        "seconds": round(time.monotonic() - began, 1),
        "versions": {"tfrwc": __version__, "keras": keras.__version__},
    }
    return Trained(model, facts, statement or NoPrivacy())


def _published(settings, examples, recorded, progress, base):
    images = read_image_set(examples)
    trial = Trial(
        images.name,
        settings.network,
        settings.epochs,
        (settings.seed,),
        learning_rate=settings.learning_rate or None,
    )
    model, path = dynamics_training.train(
        trial, settings.seed, images, progress, MEASURES, print
    )
    shutil.copy(path, recorded)
    last = load_recording(path).logs.iloc[-1]
    data = read_about(examples) | {
        "image_shape": list(images.image_shape),
        "training_images": len(images.x_train),
        "test_images": len(images.x_test),
    }
    used = trial.training
    return (
        model,
        {
            "data": data,
            "epochs": settings.epochs,
            "batch_size": used.batch_size,
            "learning_rate": used.learning_rate,
            "weight_decay": used.weight_decay,
            "momentum": used.momentum,
            "metrics": {"accuracy": float(last["val_accuracy"])},
        },
        None,
    )


def _public(settings, examples, recorded, progress, base):
    images = read_image_set(examples)
    model, facts = private_start.pretrain(settings.network, images, recorded)
    return model, facts, None


def _two_classes(settings, examples, recorded, progress, base):
    task = read_task(examples)
    prepare(settings.network)
    start = None if base is None else read_model(base)[0]
    options = {"recorded": recorded, "start": start}
    network, epochs, seed = settings.network, settings.epochs, settings.seed
    if settings.recipe == "plain":
        run = runs.train_plain(network, task, epochs, seed, **options)
    else:
        # Of clipped it is infinity, which adds no noise.
        epsilon = settings.epsilon
        run = runs.train_private(network, task, epochs, seed, epsilon, **options)
    facts = {"epochs": run.epochs, "batch_size": run.batch_size}
    return run.network, facts, run.statement


def planned(settings: Settings, examples: Folder) -> PrivacyStatement | None:
    """What the training will state, before it begins.

    Args:
        settings, examples: as of `train`.

    Returns:
        None for ``public`` on one of the public sets, of which nothing has to be
        hidden.

    Raises:
        ValueError: for ``run_fn``, of which nobody knows it.
    """
    if settings.recipe == RUN_FN:
        raise ValueError(
            f"What {settings.name} will state is not known before it has trained. "
            "Under a budget, train by build and the recipe dp_sgd."
        )
    if settings.recipe in ("dp_sgd", "clipped"):
        task = read_task(examples)
        return runs.plan_private(task, settings.epochs, settings.epsilon)
    about = read_about(examples)
    is_public = about["name"] in private_start.PUBLIC
    is_own = about["origin"].startswith("folder ")  # whatever its name is
    if settings.recipe == "public" and is_public and not is_own:
        return None
    return NoPrivacy()


Made = tuple[keras.Model, dict[str, Any], PrivacyStatement | None]
_TRAINED: dict[str, Callable[..., Made]] = {
    "published": _published,
    "public": _public,
    "plain": _two_classes,
    "dp_sgd": _two_classes,
    "clipped": _two_classes,
    RUN_FN: run_fn.run,
}

"""The ways of training that components know, by name.

- ``published``: as in arXiv:2011.06735 and arXiv:2107.07005;
- ``public``: on public images, for others to start from;
- ``plain``: of two classes, without privacy;
- ``dp_sgd``: of two classes, by DP-SGD;
- ``clipped``: the same with no noise, which guarantees nothing.
"""

import math
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from tfrwc import models
from tfrwc._version import __version__
from tfrwc.models.saved import read_model
from tfrwc.privacy.sgd.statement import NoPrivacy
from tfrwc.privacy.statement import PrivacyStatement
from tfrwc.recording.recording import load_recording
from tfrwc.studies.dynamics import training as dynamics_training
from tfrwc.studies.dynamics.analysis import MEASURES
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.example_sets import read_about, read_image_set, read_task
from tfrwc.studies.privacy import runs
from tfrwc.studies.privacy import start as private_start

Folder = str | os.PathLike[str]


@dataclass(frozen=True)
class Settings:
    """How a network is trained.

    Attributes:
        recipe: one of `RECIPES`.
        network: one of `tfrwc.models.NAMES`.
        epochs: passes over the training images, of which ``plain`` takes a part;
            ``public`` knows its own.
        seed: of the first weights, and of the order of images where privacy does not
            draw it.
        epsilon: of one image, for ``dp_sgd``; infinity for all others.
        learning_rate: for ``published``; 0 is the published one.
    """

    recipe: str
    network: str
    epochs: int
    seed: int = 0
    epsilon: float = math.inf
    learning_rate: float = 0.0

    def __post_init__(self) -> None:
        if self.recipe not in RECIPES:
            raise ValueError(
                f"There is no recipe {self.recipe!r}. Choose one of "
                f"{', '.join(RECIPES)}."
            )
        if self.network not in models.NAMES:
            raise ValueError(
                f"There is no network {self.network!r}. Choose one of "
                f"{', '.join(models.NAMES)}."
            )
        if (self.epochs < 1) != (self.recipe == "public"):
            raise ValueError(
                "epochs must be 1 or more; the recipe public has its own, and takes 0. "
                f"Received: {self.recipe}, {self.epochs}."
            )
        if self.learning_rate < 0 or (
            self.learning_rate and self.recipe != "published"
        ):
            raise ValueError(
                "A learning rate is 0 or above, and for the recipe published alone. "
                f"Received: {self.recipe}, {self.learning_rate}."
            )
        if (self.recipe == "dp_sgd") != (0 < self.epsilon < math.inf):
            raise ValueError(
                "The recipe dp_sgd needs a finite epsilon above 0, and no other takes "
                f"one. Received: {self.recipe}, {self.epsilon}."
            )


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
            killed.
        base: folder of the Model whose weights all layers but the last start from;
            None for random ones, from which published and public start.

    Raises:
        ValueError: if there is a base for a recipe that takes none.
    """
    if base is not None and settings.recipe in ("published", "public"):
        raise ValueError(
            f"The recipe {settings.recipe} starts from random weights: give no base."
        )
    began = time.monotonic()
    start, training = (None, None) if base is None else read_model(base)
    model, facts, statement = RECIPES[settings.recipe](
        settings, examples, recorded, progress, start
    )
    facts = {
        "recipe": settings.recipe,
        "network": settings.network,
        "seed": settings.seed,
        "data": read_about(examples),
        **facts,
        "base": training,
        "seconds": round(time.monotonic() - began, 1),
        "versions": {"tfrwc": __version__, "keras": keras.__version__},
    }
    return Trained(model, facts, statement or NoPrivacy())


def _published(settings, examples, recorded, progress, start):
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


def _public(settings, examples, recorded, progress, start):
    images = read_image_set(examples)
    model, facts = private_start.pretrain(settings.network, images, recorded)
    return model, facts, None


def _two_classes(settings, examples, recorded, progress, start):
    task = read_task(examples)
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
    """
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
RECIPES: dict[str, Callable[..., Made]] = {
    "published": _published,
    "public": _public,
    "plain": _two_classes,
    "dp_sgd": _two_classes,
    "clipped": _two_classes,
}

"""Train a network without privacy, or by DP-SGD, and ask it of all images."""

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tfrwc.datasets.patients import assuming
from tfrwc.privacy import make_private, poisson_batches
from tfrwc.privacy.sgd.account.stating import planned_statement
from tfrwc.privacy.sgd.statement import TrainingStatement
from tfrwc.recording.callback import RWCCallback
from tfrwc.studies.epochs import fit
from tfrwc.studies.privacy.arms import PLAIN, PRIVATE, private_settings
from tfrwc.studies.privacy.data import Task
from tfrwc.studies.privacy.start import build, jit, rates, shift, shifted_batches

_LOSS = "sparse_categorical_crossentropy"
_PREDICTED = 512  # images at once


@dataclass(frozen=True, eq=False)
class Run:
    """What comes of a training.

    Attributes:
        network: trained, uncompiled.
        epochs, batch_size: that it was trained with.
        statement: what the training guarantees; None without
            privacy.
    """

    network: keras.Model
    epochs: int
    batch_size: int
    statement: TrainingStatement | None = None


def train_plain(
    model: str,
    task: Task,
    epochs: int,
    seed: int,
    recorded: str | os.PathLike[str],
    start: keras.Model | None = None,
) -> Run:
    """Train without privacy.

    Args:
        model: as of `tfrwc.studies.networks.build`, which raises the same.
        task: a `tfrwc.studies.privacy.data.Task`.
        epochs: passes of DP-SGD over the training images, of which this takes a part.
        seed: of the first weights and of the order of images.
        recorded: file for the recording.
        start: a trained network, whose weights all layers but the last get; None for
            random ones.
    """
    network = _begin(model, task, seed, start)
    epochs, batch, steps = PLAIN.plan(epochs, len(task.train.y))
    # One's own network may be another by now.
    compiles = _compiled.__wrapped__ if ":" in model else _compiled
    compiled = compiles(model, task.shape, steps)
    compiled.set_weights(network.get_weights())
    for variable in compiled.optimizer.variables:
        variable.assign(keras.ops.zeros_like(variable))
    fit(
        compiled,
        shifted_batches(task.train.x, task.train.y, batch, seed),
        epochs=epochs,
        shuffle=False,  # they are
        callbacks=[RWCCallback(recorded)],
    )
    network.set_weights(compiled.get_weights())
    return Run(network, epochs, batch)


def train_private(
    model: str,
    task: Task,
    epochs: int,
    seed: int,
    epsilon: float,
    recorded: str | os.PathLike[str],
    start: keras.Model | None = None,
) -> Run:
    """Train by DP-SGD.

    Args:
        model, task, recorded, start: as of `train_plain`.
        epochs: passes over the training images.
        seed: of the first weights. Noise and batches have no seed: they come from the
            operating system.
        epsilon: of one image; infinity clips and adds no noise.
    """
    network = _begin(model, task, seed, start)
    train = task.train
    settings = private_settings(epochs, len(train.y), epsilon)
    epochs, batch, steps = PRIVATE.plan(epochs, len(train.y))
    private = make_private(network, augmentation=shift(), **vars(settings))
    private.compile(_optimizer(PRIVATE, steps), _LOSS)
    fit(
        private,
        poisson_batches(train.x, train.y, batch_size=batch),
        epochs=epochs,
        callbacks=[RWCCallback(recorded)],
    )
    statement = private.statement(task.images_per_patient)
    return Run(network, epochs, batch, assuming(statement, task.assumptions))


def plan_private(task: Task, epochs: int, epsilon: float) -> TrainingStatement:
    """What `train_private` will state.

    Args:
        task, epochs, epsilon: as of `train_private`.
    """
    settings = private_settings(epochs, len(task.train.y), epsilon).calibrated()
    planned = planned_statement(settings, task.images_per_patient)
    return assuming(planned, task.assumptions)


def predictions(
    network: Callable[[np.ndarray], Any], task: Task, released: Task | None = None
) -> dict[str, np.ndarray]:
    """Probabilities of class 1, and the classes, by name of the images.

    The network is a function of images to probabilities (n, 2), such as a Keras model.
    Names: "test"; "members", some of the training images; "held_out"; and with
    `released`, a task of released images, "test_released" and "members_released". The
    classes are "test_label", "members_label" and "held_out_label"; "blank", bool, is of
    members_released.
    """
    chosen = members_of(task)
    images = {
        "test": task.test.x,
        "members": task.train.x[chosen],
        "held_out": task.held_out.x,
    }
    if released is not None:
        images["test_released"] = released.test.x
        images["members_released"] = released.train.x[chosen]
    x = np.concatenate(list(images.values()))
    # Not by `predict`: a new network takes longer to trace than to ask, and TensorFlow
    # warns of several.
    p = np.concatenate(
        [
            keras.ops.convert_to_numpy(network(x[i : i + _PREDICTED]))
            for i in range(0, len(x), _PREDICTED)
        ]
    )[:, 1]
    ends = np.cumsum([len(x) for x in images.values()])[:-1]
    answers = dict(zip(images, np.split(p, ends), strict=True))
    answers["test_label"] = task.test.y
    answers["members_label"] = task.train.y[chosen]
    answers["held_out_label"] = task.held_out.y
    if released is not None:
        answers["blank"] = blank(images["members_released"])
    return answers


def members_of(task: Task) -> np.ndarray:
    """Which training images membership inference asks of: twice as many as held out."""
    count = min(len(task.train.y), 2 * len(task.held_out.y))
    return np.random.default_rng(0).permutation(len(task.train.y))[:count]


def blank(images: np.ndarray) -> np.ndarray:
    """Which images (n, ...) have one value everywhere, bool (n,)."""
    flat = images.reshape(len(images), -1)
    return (flat == flat[:, :1]).all(axis=1)


def _begin(model, task, seed, start):
    keras.utils.set_random_seed(seed)
    return build(model, task.shape, 2, start)


@functools.lru_cache(maxsize=1)
def _compiled(model, shape, steps):
    """The network in which all that is not private trains, its weights set anew for
    each run: compiling takes as long as some epochs."""
    network = build(model, shape, 2)
    network.compile(_optimizer(PLAIN, steps), _LOSS, jit_compile=jit())
    return network


def _optimizer(recipe, steps):
    return keras.optimizers.SGD(
        rates(recipe.learning_rate, steps),
        momentum=recipe.momentum,
        use_ema=True,
        ema_momentum=recipe.averaging,
    )

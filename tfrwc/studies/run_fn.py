"""Training by a function of the user, as TFX' Trainer runs one.

    def run_fn(fn_args):
        x, y = fn_args.read("train")
        model = keras.Sequential([keras.Input(fn_args.image_shape), ...])
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=fn_args.epochs, callbacks=fn_args.callbacks)
        return model

It receives `FnArgs`, gives the callbacks in them to `fit`, and returns the model that
it trained, which is as `tfrwc.studies.networks` says: there is nothing to save. If it
returns what `tfrwc.privacy.make_private` made, the privacy statement is that of its
steps, and covers nothing else that the function did with the images.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from tfrwc.datasets.examples import read_split
from tfrwc.datasets.patients import assuming
from tfrwc.models.saved import SERVING
from tfrwc.privacy.sgd.private_model import PrivateModel
from tfrwc.privacy.statement import PrivacyStatement
from tfrwc.recording.callback import RWCCallback
from tfrwc.recording.recording import load_recording
from tfrwc.studies.example_sets import read_about
from tfrwc.studies.networks import check_network
from tfrwc.studies.settings import Settings
from tfrwc.studies.user_code import call

Folder = str | os.PathLike[str]


@dataclass(frozen=True)
class FnArgs:
    """What a function that trains receives; names are those of TFX where it has them.

    Attributes:
        examples: folder of the Examples.
        train_files, eval_files: GZIP TFRecord files of `tf.train.Example`, as of
            `tfrwc.datasets.examples`; to evaluate on those of the split eval, or of
            test where there is none.
        image_shape: (height, width, channels).
        class_names: by label.
        epochs: that were asked for.
        seed: Keras' own was set to it.
        callbacks: for `fit`, which record the training.
        base_model: folder of a SavedModel with model.keras in it, to start from; or
            None.
        working_dir: folder that is there again if the training is killed, and run again
            with the same code and settings.
    """

    examples: str
    train_files: Sequence[str]
    eval_files: Sequence[str]
    image_shape: tuple[int, ...]
    class_names: tuple[str, ...]
    epochs: int
    seed: int
    callbacks: Sequence[keras.callbacks.Callback]
    base_model: str | None
    working_dir: str

    def read(self, split: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Images, uint8 (n, height, width, channels), and labels, int64 (n,).

        Args:
            split: train or test, or eval where there is one.

        Raises:
            FileNotFoundError: if there is no such split.
        """
        columns = read_split(self.examples, split)
        return columns["image"], columns["label"]


def run(
    settings: Settings,
    examples: Folder,
    recorded: Path,
    progress: Path,
    base: Folder | None,
) -> tuple[keras.Model, dict[str, Any], PrivacyStatement | None]:
    """Train by the function that settings name.

    Args:
        settings, examples, recorded, progress, base: as of
            `tfrwc.studies.recipes.train`.

    Returns:
        The model; plain data on its training; and its statement, None without privacy.

    Raises:
        ValueError: if the function returns something else than this module's text says,
            or what it returns was not recorded.
        RuntimeError: if the function fails.
    """
    arguments = _arguments(settings, examples, recorded, progress, base)
    keras.utils.set_random_seed(settings.seed)
    made = call(settings.network, arguments)
    statement: PrivacyStatement | None = None
    if isinstance(made, PrivateModel):
        about = read_about(examples)
        stated = made.statement(about.get("images_per_patient", 1))
        statement = assuming(stated, about.get("assumptions", ()))
        made = made.model
    shape, classes = arguments.image_shape, len(arguments.class_names)
    check_network(made, shape, classes, settings.name)
    _check_recorded(made, recorded, settings.name)
    return made, {"epochs": settings.epochs}, statement


def _arguments(
    settings: Settings,
    examples: Folder,
    recorded: Path,
    progress: Path,
    base: Folder | None,
) -> FnArgs:
    about = read_about(examples)
    files = {
        split: sorted(map(str, Path(examples).glob(f"Split-{split}/*.gz")))
        for split in ("train", "eval", "test")
    }
    return FnArgs(
        examples=str(examples),
        train_files=files["train"],
        eval_files=files["eval"] or files["test"],
        image_shape=read_split(examples, "train")["image"].shape[1:],
        class_names=tuple(about["classes"]),
        epochs=settings.epochs,
        seed=settings.seed,
        callbacks=[RWCCallback(recorded)],
        base_model=str(Path(base) / SERVING) if base is not None else None,
        working_dir=str(progress),
    )


def _check_recorded(model: keras.Model, recorded: Path, source: str) -> None:
    """Check that a recording is of the training of a model."""
    remedy = "Give fn_args.callbacks to its fit, and return the model that was fitted."
    if not recorded.exists():
        raise ValueError(f"{source} recorded nothing. {remedy}")
    shapes = Counter(tuple(variable.shape) for variable in model.variables)
    watched = Counter(map(tuple, load_recording(recorded).layers["shape"]))
    if watched - shapes:
        raise ValueError(f"{source} recorded another model than it returned. {remedy}")

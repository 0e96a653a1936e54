"""Train one seed of a trial, recorded, and go on with it after an interruption."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from tfrwc import datasets, models
from tfrwc.recording.callback import RWCCallback
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.epochs import fit


def train(
    trial: Trial,
    seed: int,
    images: datasets.ImageSet,
    folder: Path,
    measures: Sequence[str],
    say: Callable[[str], object],
) -> tuple[keras.Model, Path]:
    """Train to the end of a trial's epochs, from wherever `folder` stands.

    Args:
        trial: what is trained, and how.
        seed: of initial weights and of the order of images.
        images: of the trial.
        folder: for the recording and a checkpoint.
        measures: to record.
        say: called with lines of text.

    Returns:
        The trained network, and the path of the recording.
    """
    path, checkpoint = folder / "recording.parquet", folder / "last.weights.h5"
    if not (checkpoint.exists() and path.exists()):
        # Only one of the two was written before the interruption: begin again.
        checkpoint.unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    settings = trial.training
    keras.utils.set_random_seed(seed)
    model = _compiled(trial, images)
    first = 0
    if checkpoint.exists():
        model.optimizer.build(model.trainable_variables)
        model.load_weights(checkpoint)
        steps = -(-len(images.x_train) // settings.batch_size)
        first = int(keras.ops.convert_to_numpy(model.optimizer.iterations)) // steps
        say(f"  going on after epoch {first}")
        # Not the order of images that the first epochs had.
        keras.utils.set_random_seed(seed + first)
    if first < trial.epochs:
        callback = RWCCallback(path, measures=measures)
        fit(
            model,
            images.x_train,
            images.y_train,
            batch_size=settings.batch_size,
            validation_data=(images.x_test, images.y_test),
            validation_batch_size=4 * settings.batch_size,
            initial_epoch=first,
            epochs=trial.epochs,
            callbacks=[callback, _Checkpoint(checkpoint)],
        )
    return model, path


def _compiled(trial, images):
    """The network of a trial, its first weights drawn from Keras' global seed."""
    settings = trial.training
    model = models.build(
        trial.model, images.image_shape, len(images.class_names), settings.weight_decay
    )
    model.compile(
        settings.optimizer(),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        # Compiling for the CPU takes longer than it saves.
        jit_compile="auto" if keras.distribution.list_devices("gpu") else False,
    )
    return model


class _Checkpoint(keras.callbacks.Callback):
    """Saves weights and optimizer after each epoch, all or nothing.

    `keras.callbacks.BackupAndRestore` writes weights and epoch number one after
    the other, in place; a kill in between would train an epoch twice.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f"next-{self.path.name}")
        self.model.save_weights(partial, overwrite=True)
        os.replace(partial, self.path)

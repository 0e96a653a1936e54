"""Train one seed of a trial, recorded, and go on with it after an interruption."""

import os
import shutil

import keras

from tfrwc import models
from tfrwc.recording.callback import RWCCallback
from tfrwc.recording.parquet import load_recording
from tfrwc.recording.recording import Recording


def train(trial, seed, images, out, export, measures, say, verbose) -> Recording:
    """Train to the end of a trial's epochs, from wherever `out` stands.

    Args:
        trial: a `tfrwc.studies.dynamics_trial.Trial`.
        seed: of initial weights and of the order of images.
        images: a `tfrwc.datasets.ImageSet`.
        out: folder for recordings/ and progress/.
        export: folder for the trained model, or None.
        measures: to record.
        say: called with lines of text.
        verbose: of Keras' progress bar.
    """
    path = out / "recordings" / f"seed-{seed}.parquet"
    checkpoint = out / "progress" / f"seed-{seed}.weights.h5"
    recording = load_recording(path) if path.exists() else None
    done = recording is not None and len(recording) == trial.epochs
    if done and (export is None or export.exists()):
        say(f"  {trial.epochs} epochs are recorded already")
        return recording
    if not (checkpoint.exists() and path.exists()):
        # Only one of the two was written before the interruption: begin again.
        checkpoint.unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    settings = trial.training
    keras.utils.set_random_seed(seed)
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
        model.fit(
            images.x_train,
            images.y_train,
            batch_size=settings.batch_size,
            validation_data=(images.x_test, images.y_test),
            validation_batch_size=4 * settings.batch_size,
            initial_epoch=first,
            epochs=trial.epochs,
            callbacks=[callback, _Checkpoint(checkpoint)],
            verbose=verbose,
        )
    if export is not None:
        _export(model, export)
    return load_recording(path)


class _Checkpoint(keras.callbacks.Callback):
    """Saves weights and optimizer after each epoch, all or nothing.

    `keras.callbacks.BackupAndRestore` writes weights and epoch number one after
    the other, in place; a kill in between would train an epoch twice.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f"next-{self.path.name}")
        self.model.save_weights(partial, overwrite=True)
        os.replace(partial, self.path)


def _export(model, folder):
    """Write a SavedModel for serving, with the Keras file beside it."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.export(partial, verbose=False)
    model.save(partial / "model.keras")
    shutil.rmtree(folder, ignore_errors=True)
    os.replace(partial, folder)

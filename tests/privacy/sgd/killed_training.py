"""A private training that kills itself at some steps, for tests.

Each step that was done adds a byte to the file `done`, which knows nothing of accounts.

    python killed_training.py FOLDER KIND STEP STEP ...
"""

import os
import signal
import sys
from pathlib import Path

import keras
import numpy as np

from tfrwc.privacy import make_private
from tfrwc.recording.backup import Backup

N, BATCH, EPOCHS = 20, 4, 4


class Kill(keras.callbacks.Callback):
    def __init__(self, done, steps):
        super().__init__()
        self.done, self.steps = done, steps

    def on_train_batch_end(self, batch, logs=None):
        with open(self.done, "ab") as file:
            file.write(b".")
        if os.path.getsize(self.done) in self.steps:
            os.kill(os.getpid(), signal.SIGKILL)


def backup(kind, folder):
    if kind == "keras":
        return keras.callbacks.BackupAndRestore(folder / "backup")
    if kind == "ours":
        return Backup(folder / "backup", every=2)
    path = folder / "{epoch}.keras"  # one of the model itself, by its user
    return keras.callbacks.ModelCheckpoint(path)


def begin(kind, folder):
    files = sorted(folder.glob("*.keras"))
    if kind == "model" and files:
        return keras.saving.load_model(files[-1]), int(files[-1].stem)
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2)])
    private = make_private(model, noise_multiplier=1.0, batch_size=BATCH, train_size=N)
    private.compile("sgd", "mse")
    return private, 0


def main(folder, kind, *steps):
    folder = Path(folder)
    private, epoch = begin(kind, folder)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(N, 3)), rng.normal(size=(N, 2))
    callbacks = [Kill(folder / "done", set(map(int, steps))), backup(kind, folder)]
    private.fit(
        x, y, epochs=EPOCHS, initial_epoch=epoch, callbacks=callbacks, verbose=0
    )
    print(private.steps, *private.statement().rests_on, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

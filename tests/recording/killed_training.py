"""A training with backups: `python killed_training.py FOLDER [--kill-at STEP]`."""

import os
import signal
import sys
from pathlib import Path

import keras
from recording.battery.helpers import fit, network

from tfrwc import RWCCallback


class Kill(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder, step=None):
    callbacks = [
        RWCCallback(folder / "run.parquet", every=1),
        keras.callbacks.BackupAndRestore(str(folder / "backup"), save_freq=3),
    ]
    if step:
        callbacks.append(Kill(step))
    fit(network(), *callbacks, n=16, batch_size=4, epochs=3)


if __name__ == "__main__":
    folder, *rest = sys.argv[1:]
    main(Path(folder), int(rest[1]) if rest else None)

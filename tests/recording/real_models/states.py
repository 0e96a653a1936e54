"""Weights at the start and after each epoch, and their change in float64."""

from pathlib import Path

import keras
import numpy as np
from keras import ops
from recording.real_models.oracle import rows_of


def number(variable):
    """The numbers of a variable, as floats that NumPy calculates with."""
    array = ops.convert_to_numpy(variable)
    # The type that stands for bfloat16 is of another kind.
    return np.array(array, array.dtype if array.dtype.kind == "f" else np.float32)


def relative_change(before, now):
    """Sum |d| / sum |w|, in float64; NaN where the weights were zero."""
    before, now = before.astype(np.float64), now.astype(np.float64)
    whole = np.abs(before).sum()
    before -= now
    return np.abs(before).sum() / whole if whole else np.nan


def merged(layer):
    """The kernel with its LoRA factors multiplied and added, as Keras gives it."""
    if not getattr(layer, "lora_enabled", False):
        return None
    own = "embeddings" if hasattr(layer, "lora_embeddings_a") else "kernel"
    return number(getattr(layer, own))


class States(keras.callbacks.Callback):
    """Measures all weights after each epoch, and leaves checkpoints.

    Attributes:
        rows: what the oracle knows of each weight.
        changes: of each weight, in each epoch.
        file_changes: the same of what files hold: merged kernels, and no factors.
        arrays: the weights at the end, and what files hold in their place.
        steps: updates by the optimizer until the end of each epoch, or batches where
            it makes none.
    """

    def __init__(self, folder, sees_first_epoch):
        super().__init__()
        self.folders = {
            suffix: Path(folder) / suffix.strip(".")
            for suffix in (".keras", ".weights.h5")
        }
        for each in self.folders.values():
            each.mkdir()
        self.sees_first_epoch = sees_first_epoch
        self.changes, self.file_changes, self.steps = [], [], []
        self.rows = self.arrays = None
        self.batches = 0

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1

    def on_epoch_begin(self, epoch, logs=None):
        if self.rows is None and self.sees_first_epoch:
            self.keep(0)

    def on_epoch_end(self, epoch, logs=None):
        before = self.arrays
        self.keep(epoch + 1)
        if before is not None:
            pairs = list(zip(before, self.arrays, strict=True))
            self.changes.append([relative_change(a[0], b[0]) for a, b in pairs])
            self.file_changes.append([relative_change(a[1], b[1]) for a, b in pairs])
        self.steps.append(int(self.model.optimizer.iterations) or self.batches)

    def keep(self, epoch):
        self.rows = self.rows or rows_of(self.model)
        self.arrays = []
        for row in self.rows:
            own, inside = number(row.variable), None
            if row.variable.name in ("kernel", "embeddings"):
                inside = merged(row.layer)
            self.arrays.append((own, own if inside is None else inside))
        for suffix, folder in self.folders.items():
            path = folder / f"epoch_{epoch:02}{suffix}"
            save = self.model.save_weights if "h5" in suffix else self.model.save
            save(path)

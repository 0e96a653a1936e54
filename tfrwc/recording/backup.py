"""`Backup`: a training that can be killed at any moment and goes on."""

import os
import re
import shutil
import warnings
from math import prod
from pathlib import Path
from typing import Any

from tfrwc._common.checks import whole_number
from tfrwc._common.paths import local_path
from tfrwc.compat.extras import keras_backend
from tfrwc.recording import backends

with keras_backend():
    import keras

Logs = dict[str, Any] | None
_NAME = re.compile(r"(\d+)-epoch-(\d+)\.weights\.h5")
_MARGIN = 1_000_000  # bytes, for the structure of a file


def _bytes_of(dtype: str) -> int:
    """Bytes of an element of a type, such as ``bfloat16``."""
    bits = re.search(r"\d+", dtype)
    return int(bits[0]) // 8 if bits else 1


class Backup(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps weights, optimizer and epoch in a folder, and restores them in `fit`.

    As `keras.callbacks.BackupAndRestore`, but that writes over its only file, in place,
    and the epoch after it: a kill within that leaves nothing to go on from, or repeats
    an epoch on weights that have had it. Here a backup is written beside the last one,
    which is removed when the new one is whole.

    >>> from tfrwc import RWCCallback
    >>> callbacks = [RWCCallback("run.parquet"), Backup("backup")]
    >>> model.fit(x, y, epochs=10, callbacks=callbacks)  # doctest: +SKIP

    The same program, run again after a kill, goes on from the last backup. An epoch
    that was cut off begins again from its first batch, as in Keras.

    Args:
        folder: for the backups, which is made; of this training alone.
        every: ``"epoch"``, or a number of batches from one backup to the next.
        keep: whether the last backup stays when training has ended. Then the same
            `fit` has nothing left to do.

    Raises:
        ValueError: if `folder` is not a local path, or for another `every`; when `fit`
            starts, if the model is not built, or a backup is unreadable or of another
            model.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        every: str | int = "epoch",
        keep: bool = False,
    ) -> None:
        super().__init__()
        self.folder = local_path(folder, "Backup's folder")
        self._partial = self.folder / "partial.weights.h5"
        self._batches = None if every == "epoch" else whole_number(every, "every")
        self.keep = keep
        if self._batches is not None:
            # Only when needed: it makes Keras wait for the numbers of each batch.
            self.on_train_batch_end = self._after_batch

    def on_train_begin(self, logs: Logs = None) -> None:
        self._epoch = self._batch = self._since = 0
        backups = self._backups()
        self._number = max(backups, default=0)
        if backups:
            epoch, path = backups[self._number]
            self._restore(path)
            self.model._initial_epoch = self._epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self._epoch, self._batch = epoch, 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self._epoch = epoch + 1
        if self._batches is None:
            self._save()

    def on_train_end(self, logs: Logs = None) -> None:
        # Else Keras would begin this model's next fit there.
        self.model._initial_epoch = None
        if not self.keep and backends.is_chief(self.model):
            self._remove(self._backups())
            self._partial.unlink(missing_ok=True)
            if self.folder.is_dir() and not any(self.folder.iterdir()):
                self.folder.rmdir()

    def _after_batch(self, batch: int, logs: Logs = None) -> None:
        # With steps_per_execution, Keras' number of the batch jumps.
        self._since += batch + 1 - self._batch
        self._batch = batch + 1
        if self._since >= (self._batches or 1):
            self._since = 0
            self._save()

    def _backups(self) -> dict[int, tuple[int, Path]]:
        """Whole backups, with their epochs, by number."""
        paths = self.folder.iterdir() if self.folder.is_dir() else ()
        names = ((_NAME.fullmatch(path.name), path) for path in paths)
        return {int(name[1]): (int(name[2]), path) for name, path in names if name}

    def _save(self) -> None:
        if not backends.is_chief(self.model):
            return
        try:
            self._write()
        # h5py raises both. The last backup is still there.
        except (OSError, RuntimeError) as error:
            warnings.warn(
                f"No backup could be written to {self.folder} ({error}). Training goes "
                f"on; a kill before the next one goes back to backup {self._number}.",
                RuntimeWarning,
                stacklevel=4,
            )

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._check_room()
        earlier, number = self._backups(), self._number + 1
        path = self.folder / f"{number}-epoch-{self._epoch}.weights.h5"
        self.model.save_weights(self._partial, overwrite=True)
        with open(self._partial, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(self._partial, path)
        self._number = number
        self._remove(earlier)

    def _check_room(self) -> None:
        """Check that the disk has room: on a full one HDF5 may crash Python.

        Raises:
            OSError: if it has not.
        """
        model = self.model
        variables = [*model.variables, *getattr(model.optimizer, "variables", ())]
        needed = sum(prod(v.shape) * _bytes_of(str(v.dtype)) for v in variables)
        free = shutil.disk_usage(self.folder).free
        if free < needed + _MARGIN:
            raise OSError(f"it takes {needed + _MARGIN} bytes, and {free} are free")

    def _remove(self, backups: dict[int, tuple[int, Path]]) -> None:
        for _, path in backups.values():
            path.unlink(missing_ok=True)

    def _restore(self, path: Path) -> None:
        model = self.model
        if not model.built:
            raise ValueError(
                f"Model {model.name!r} is not built, so that {path} cannot be restored "
                "into it. Call the model on one batch before fit."
            )
        if model.optimizer is not None and not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        try:
            model.load_weights(path)
        # Whatever h5py and Keras raise for a file that is damaged, or of another model.
        except Exception as error:
            raise ValueError(
                f"The backup {path} cannot be restored into model {model.name!r}: "
                f"{error}. It is damaged, or of another model or optimizer. Move it "
                "away to begin anew, or restore it from a copy."
            ) from error

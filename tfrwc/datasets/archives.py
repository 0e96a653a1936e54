"""Read .npz files: arrays of training and test images and their classes."""

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, DataSet
from tfrwc.datasets.image_set import ImageSet, from_splits


def read_archive(data_set: DataSet, path: Path) -> ImageSet:
    """Read a file with the arrays x_train, y_train, x_test and y_test.

    Args:
        data_set: its row of the table.
        path: of the file.

    Raises:
        OSError: if the file is damaged, or lacks one of the arrays.
    """
    return _read(data_set, path, ("x_train", "y_train", "x_test", "y_test"))


def read_medmnist_archive(data_set: DataSet, path: Path) -> ImageSet:
    """As `read_archive`, from a file with arrays named as those of MedMNIST."""
    splits = ("train", "test")
    keys = [f"{split}_{kind}" for split in splits for kind in ("images", "labels")]
    return _read(data_set, path, keys)


def _read(data_set: DataSet, path: Path, keys: Sequence[str]) -> ImageSet:
    x_train, y_train, x_test, y_test = read_arrays(
        path, keys, f"the set {data_set.name!r}", f"load {data_set.name!r}"
    )
    return from_splits(
        data_set.name,
        f"{path.name}{data_set.note}",
        (x_train, y_train),
        (x_test, y_test),
        tuple(str(k) for k in range(int(y_train.max()) + 1)),
    )


def read_arrays(
    path: Path, keys: Sequence[str], contents: str, by_tfds: str
) -> list[NDArray[Any]]:
    """Some arrays of an .npz file.

    Args:
        path: of the file.
        keys: names of the arrays.
        contents: what the file should hold, for the message.
        by_tfds: what TFDS could do in its place, for the message.

    Raises:
        OSError: if the file is damaged, or lacks one of the arrays.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return [arrays[key] for key in keys]
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, OSError) as error:
        raise OSError(
            f"{path} cannot be read as {contents} ({error}). Get the file again, or "
            f"unset {DATA_DIR_VARIABLE} to {by_tfds} by TFDS."
        ) from error

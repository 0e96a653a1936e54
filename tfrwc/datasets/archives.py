"""Read .npz files: arrays of training and test images and their classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc._common.npz import ArchiveError, read_npz
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, DataSet
from tfrwc.datasets.checks import checked_images, checked_labels
from tfrwc.datasets.image_set import ImageSet, from_splits


def read_archive(data_set: DataSet, path: Path) -> ImageSet:
    """Read a file with the arrays x_train, y_train, x_test and y_test.

    Args:
        data_set: its row of the table.
        path: of the file.

    Raises:
        OSError: if the file is damaged, or lacks one of the arrays.
        ValueError: if the arrays are not images and a class for each; see
            `tfrwc.datasets.checks`.
    """
    return _read(data_set, path, ("x_train", "y_train", "x_test", "y_test"))


def read_medmnist_archive(data_set: DataSet, path: Path) -> ImageSet:
    """As `read_archive`, from a file with arrays named as those of MedMNIST."""
    splits = ("train", "test")
    keys = [f"{split}_{kind}" for split in splits for kind in ("images", "labels")]
    return _read(data_set, path, keys)


def _read(data_set: DataSet, path: Path, keys: Sequence[str]) -> ImageSet:
    arrays = read_arrays(
        path, keys, f"the set {data_set.name!r}", f"load {data_set.name!r}"
    )
    names = [f"{key} in {path}" for key in keys]
    x_train, y_train, x_test, y_test = arrays
    train, test = (
        (images, checked_labels(labels, len(images), data_set.classes, labels_are))
        for images, labels, labels_are in (
            (checked_images(x_train, names[0]), y_train, names[1]),
            (checked_images(x_test, names[2]), y_test, names[3]),
        )
    )
    return from_splits(
        data_set.name,
        f"{path.name}{data_set.note}",
        train,
        test,
        _class_names(data_set, train[1], test[1], path),
    )


def _class_names(
    data_set: DataSet, train: NDArray[np.int64], test: NDArray[np.int64], path: Path
) -> tuple[str, ...]:
    """A number for each class; the table may know of classes that have no images."""
    classes = int(max(train.max(), test.max())) + 1
    used = np.bincount(train, minlength=classes) > 0
    if used.sum() < 2:
        raise ValueError(
            f"{path} has training images of one class only. Two or more can be told "
            "apart."
        )
    if data_set.classes is None and not used.all():
        raise ValueError(
            f"{path} has no training image of class {int(used.argmin())}, and of "
            f"{classes - 1}. np.unique(y, return_inverse=True)[1] numbers classes "
            "without gaps from 0."
        )
    return tuple(str(k) for k in range(classes))


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
        arrays = read_npz(path, keys)
    except ArchiveError as error:
        raise OSError(
            f"{path} cannot be read as {contents} ({error}) Get the file again, or "
            f"unset {DATA_DIR_VARIABLE} to {by_tfds} by TFDS."
        ) from error
    return [arrays[key] for key in keys]

"""Read folders of image files, one folder for each class."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfrwc.datasets.decode import UnreadableImageError, decode
from tfrwc.datasets.image_set import ImageSet, from_splits, hold_out, to_one_shape

_SUFFIXES = {".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def read_folder(root: Path, size: int) -> ImageSet:
    """Read the images below a folder.

    Args:
        root: holds a folder of images for each class, or folders train and test that
            do. Without the latter, a fifth of each class is held out for testing.
        size: height and width to which the images are resized where they are not all
            of one size.

    Raises:
        ValueError: if the folders are not as above, or too few images are in them.
        OSError: if an image is damaged; the message names it.
    """
    origin = f"folder {root.name}"
    splits = [root / part for part in ("train", "test")]
    if not all(split.is_dir() for split in splits):
        classes = _class_names(root)
        [(x, y)] = to_one_shape([_read_classes(root, classes)], size)
        return hold_out(root.name, origin, x, y, classes)
    classes, others = map(_class_names, splits)
    if others != classes:
        raise ValueError(
            f"{root} must hold the same classes in train and test. Found {classes} "
            f"and {others}."
        )
    train, test = to_one_shape([_read_classes(s, classes) for s in splits], size)
    return from_splits(root.name, origin, train, test, classes)


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(
        sorted(
            path.name
            for path in folder.iterdir()
            if path.is_dir() and not path.name.startswith(".")
        )
    )
    if len(names) < 2:
        raise ValueError(
            f"{folder} must hold a folder of images for each of two or more classes, "
            f"or folders train and test that do. Found the folders {names}."
        )
    return names


def _read_classes(
    folder: Path, classes: Sequence[str]
) -> tuple[list[NDArray[np.uint8]], list[int]]:
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    for label, name in enumerate(classes):
        paths = [
            path
            for path in sorted((folder / name).glob("**/*"))
            if path.suffix.lower() in _SUFFIXES
        ]
        if not paths:
            raise ValueError(
                f"{folder / name} holds no images ({', '.join(sorted(_SUFFIXES))})."
            )
        images += [_read_image(path) for path in paths]
        labels += [label] * len(paths)
    return images, labels


def _read_image(path: Path) -> NDArray[np.uint8]:
    try:
        return decode(path)
    except UnreadableImageError as error:
        raise OSError(
            f"{path} is not a readable image ({error}). Replace or remove it."
        ) from error

"""Read folders of image files, one folder for each class."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfrwc.datasets.decode import UnreadableImageError, decode
from tfrwc.datasets.files import IMAGE_SUFFIXES, data_files, data_folders, is_image
from tfrwc.datasets.image_set import ImageSet, from_splits, hold_out, to_one_shape
from tfrwc.datasets.splits import check_classes, split_folders

# What lies beside images and is none, by suffixes and by names without one.
_BESIDE = {
    *("readme", "license", "licence", "copying", "notice", "changelog", "authors"),
    *(".csv", ".htm", ".html", ".ini", ".json", ".log", ".md", ".rst", ".tsv"),
    *(".txt", ".xls", ".xlsx", ".xml", ".yaml", ".yml"),
}


def read_folder(root: Path, size: int) -> ImageSet:
    """Read the images below a folder.

    Args:
        root: holds a folder of images for each class, or folders to train and to test
            on that do, by names as those of `tfrwc.datasets.splits`. Without one to
            test on, that to validate on is taken; without either, a fifth of each
            class is held out. Hidden files and folders are passed over.
        size: height and width to which the images are resized where they are not all
            of one size.

    Raises:
        ValueError: if the folders are not as above, or too few images are in them.
        OSError: if an image is damaged, or could mean several, see
            `tfrwc.datasets.decode`; the message names it.
    """
    origin = f"folder {root.name}"
    splits = split_folders(root)
    tested = splits.get("test", splits.get("val"))
    if tested is None:
        home = splits.get("train", root)
        classes = _class_names(home)
        [(x, y)] = to_one_shape(_read_parts([home], classes), size)
        return hold_out(root.name, origin, x, y, classes)
    pair = (splits["train"], tested)
    classes, others = map(_class_names, pair)
    if others != classes:
        raise ValueError(
            f"{root} must hold the same classes in {pair[0].name} and {pair[1].name}. "
            f"Found {classes} and {others}."
        )
    if unused := [folder.name for folder in splits.values() if folder not in pair]:
        origin += f", without {unused[0]}"
    train, test = to_one_shape(_read_parts(pair, classes), size)
    return from_splits(root.name, origin, train, test, classes)


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(path.name for path in data_folders(folder))
    if len(names) < 2:
        raise ValueError(
            f"{folder} must hold a folder of images for each of two or more classes, "
            f"or folders train and test that do. Found the folders {names}."
        )
    check_classes(folder, names)
    return names


def _read_parts(
    parts: Sequence[Path], classes: Sequence[str]
) -> list[tuple[list[NDArray[np.uint8]], list[int]]]:
    """The images and labels of each part of a set."""
    paths = {
        (part, name): _image_files(part / name) for part in parts for name in classes
    }
    _check_one_place(paths.values())
    return [
        (
            [_read_image(path) for name in classes for path in paths[part, name]],
            [k for k, name in enumerate(classes) for _ in paths[part, name]],
        )
        for part in parts
    ]


def _image_files(folder: Path) -> list[Path]:
    paths = [path for path in data_files(folder) if _is_to_be_read(path)]
    if not paths:
        raise ValueError(
            f"{folder} holds no images ({', '.join(sorted(IMAGE_SUFFIXES))})."
        )
    return paths


def _check_one_place(places: Iterable[Sequence[Path]]) -> None:
    """Check that links put no file into two classes, or to train and to test on."""
    seen: dict[str, Path] = {}
    for paths in places:
        here = {os.path.realpath(path): path for path in paths}
        if twice := here.keys() & seen.keys():
            one = min(twice)
            raise ValueError(
                f"{here[one]} and {seen[one]} are one file. Remove the link."
            )
        seen |= here


def _is_to_be_read(path: Path) -> bool:
    """Whether a file is an image; one that may be is not left out without a word."""
    if is_image(path):
        return True
    if (path.suffix or path.name).lower() in _BESIDE:
        return False
    raise OSError(
        f"{path} is among images, but of a kind that is not read "
        f"({', '.join(sorted(IMAGE_SUFFIXES))}). Convert or remove it."
    )


def _read_image(path: Path) -> NDArray[np.uint8]:
    try:
        if not path.is_file():  # a pipe would wait for ever
            raise UnreadableImageError("it is no file, or a link to none")
        return decode(path)
    except UnreadableImageError as error:
        raise OSError(
            f"{path} is not a readable image ({error}). Replace or remove it."
        ) from error

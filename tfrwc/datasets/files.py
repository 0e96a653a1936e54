"""Which files in a folder are data, and which were left there by programs."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

_LEFT_BY_PROGRAMS = {
    *("__macosx", "__pycache__", "@eadir", "$recycle.bin", "lost+found"),
    *("system volume information", "thumbs.db", "desktop.ini", "ehthumbs.db"),
}
IMAGE_SUFFIXES = {
    *(".bmp", ".dib", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm"),
    *(".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp"),
}


def is_image(path: Path) -> bool:
    """Whether a file is an image by its name."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def is_data(name: str) -> bool:
    """Whether a file or folder of this name is data: not hidden, such as .DS_Store or
    .ipynb_checkpoints, nor one that a system or program leaves, such as Thumbs.db."""
    return not name.startswith(".") and name.lower() not in _LEFT_BY_PROGRAMS


def data_files(folder: Path) -> list[Path]:
    """All data files below a folder, sorted by their paths.

    Links to folders are followed, but for those to a folder that they lie in; what lies
    behind several of them is there once.

    Raises:
        OSError: if a folder cannot be read.
    """
    return sorted(_files(folder, set(), entries))


def all_files(folder: Path) -> list[Path]:
    """As `data_files`, with those that are no data."""
    return sorted(_files(folder, set(), _all_entries))


def _files(
    folder: Path, seen: set[str], entries: Callable[[Path], list[Path]]
) -> Iterator[Path]:
    here = os.path.realpath(folder)
    if here in seen:
        return
    seen.add(here)
    for path in entries(folder):
        if not path.is_dir():
            yield path
        elif not Path(here).is_relative_to(os.path.realpath(path)):
            yield from _files(path, seen, entries)


def data_folders(folder: Path) -> list[Path]:
    """The folders right below a folder, without those that are no data, sorted.

    Raises:
        OSError: if the folder cannot be read.
    """
    return [path for path in entries(folder) if path.is_dir()]


def entries(folder: Path) -> list[Path]:
    """All data files and folders right below a folder, sorted.

    Raises:
        OSError: if the folder cannot be read.
    """
    return [path for path in _all_entries(folder) if is_data(path.name)]


def _all_entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise OSError(
            f"The folder {folder} cannot be read ({error}). Allow it, or remove it."
        ) from error

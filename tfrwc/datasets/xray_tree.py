"""Where the folder of chest X-rays is, and whether it is as it must be.

Everything in it is either read or named: a class that is missing, misspelt or one too
many, an image in no class, a class in a class, a file that links put there twice.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from tfrwc.datasets.files import data_files, data_folders, entries, is_image
from tfrwc.datasets.patients import shown
from tfrwc.datasets.xray_folders import DICOM_SUFFIXES, class_folders
from tfrwc.datasets.xray_images import LABELS, SPLITS, BadFileError

_NAME = "chest_xray"
_DEPTH = 2  # how far below a folder one of X-rays is looked for, for the message


def find_root(folder: Path) -> Path | None:
    """The folder with train, val and test of X-rays; None if there is none.

    Args:
        folder: holds chest_xray, in which archives may have put another of that name;
            or is itself the folder.

    Raises:
        FileNotFoundError: if a part of the set or a class is missing.
        BadFileError: if there are more, or files that lie in no class, or in two.
        OSError: if a folder cannot be read.
    """
    root = folder / _NAME
    if not root.is_dir():
        if not any(path.is_dir() for path in class_folders(folder)):
            return None
        root = folder
    elif not _parts(root) and (root / _NAME).is_dir():
        root = root / _NAME
    _check_names(root)
    _check_loose(root)
    _check_once(root)
    return root


def elsewhere(folder: Path) -> list[Path]:
    """Folders below one that could be named in its place, for a message."""
    candidates = _below(folder, _DEPTH) if folder.is_dir() else []
    return [path for path in candidates if (path / _NAME).is_dir() or _parts(path)]


def _below(folder: Path, depth: int) -> list[Path]:
    try:
        folders = data_folders(folder)
    except OSError:
        return []  # the message that this is for is about something else
    deeper = [each for path in folders for each in _below(path, depth - 1)]
    return [*folders, *deeper] if depth else []


def _parts(root: Path) -> list[str]:
    return [split for split in SPLITS if (root / split).is_dir()]


def _check_names(root: Path) -> None:
    """Check that parts and classes are there, and no others."""
    missing = [
        f"{split}/{label}" if (root / split).is_dir() else split
        for split in SPLITS
        for label in LABELS
        if not (root / split / label).is_dir()
    ]
    # An archive has the whole set again in itself.
    others = [p for p in data_folders(root) if p.name not in (*SPLITS, _NAME)]
    wrong = [p for p in others if missing or any(map(_is_to_be_read, data_files(p)))]
    for split in _parts(root):
        wrong += [p for p in data_folders(root / split) if p.name not in LABELS]
    if not missing and not wrong:
        return
    names = ", ".join(p.relative_to(root).as_posix() for p in wrong) or "none"
    text = (
        f"{root} must hold {', '.join(SPLITS)}, each with {' and '.join(LABELS)}, and "
        f"no others. Missing: {', '.join(dict.fromkeys(missing)) or 'none'}. Others: "
        f"{names}. Rename, remove or add them; an empty val/NORMAL and val/PNEUMONIA "
        "stand for a set without val, as version 3 is."
    )
    if missing and len(_parts(root / _NAME)) == len(SPLITS):
        text += f" {root / _NAME} holds all of them: give {root} as the folder."
    raise FileNotFoundError(text) if missing else BadFileError(text)


def _check_loose(root: Path) -> None:
    """Check that no image lies beside classes, and no class in a class."""
    loose = [
        path.relative_to(root).as_posix()
        for folder in (root, *(root / split for split in SPLITS))
        for path in entries(folder)
        if not path.is_dir() and _is_to_be_read(path)
    ]
    if loose:
        raise BadFileError(
            f"Of the files in {root} {len(loose)} lie in no class: {shown(loose)}. "
            f"Move them into {' or '.join(LABELS)}, or remove them."
        )
    names = {name.lower() for name in (*SPLITS, *LABELS, _NAME)}
    within = {
        (label.relative_to(root) / parent).as_posix()
        for label in class_folders(root)
        for path in data_files(label)
        for parent in path.relative_to(label).parents
        if parent.name.lower() in names
    }
    if within:
        raise BadFileError(
            f"{root} has parts or classes within classes: {shown(sorted(within))}. "
            "Move them to where they belong, or rename them."
        )


def _is_to_be_read(path: Path) -> bool:
    """Whether a file is an image by its name, also of DICOM, which is not read."""
    return is_image(path) or path.suffix.lower() in DICOM_SUFFIXES


def _check_once(root: Path) -> None:
    """Check that links put no file into the set twice."""
    seen: dict[tuple[int, int], str] = {}
    twice = []
    for name, status in _statuses(root):
        first = seen.setdefault((status.st_dev, status.st_ino), name)
        if first != name:
            twice.append(f"{name} and {first}")
    if twice:
        raise BadFileError(
            f"{root} has {len(twice)} of the files there twice, by links: "
            f"{shown(twice)}. Remove the links: each would count as an image of its "
            "own, perhaps of another patient."
        )


def _statuses(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for label in class_folders(root):
        for path in data_files(label):
            if path.is_file():
                yield path.relative_to(root).as_posix(), path.stat()

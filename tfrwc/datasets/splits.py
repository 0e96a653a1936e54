"""Folders that are parts of a set, such as train and Testing, and no classes."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from tfrwc.datasets.files import data_files, data_folders, is_image

_WORDS = {
    "train": {"train", "training", "trn", "trainset", "traindata"},
    "test": {"test", "testing", "tst", "testset", "testdata", "holdout"},
    "val": {
        *("val", "valid", "validate", "validation", "valset", "valdata"),
        *("dev", "devset", "eval", "evaluation"),
    },
}
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_REMEDY = (
    "Make folders train and test that each hold a folder of images for each class, or "
    "only a folder for each class."
)


def part_of(name: str) -> str | None:
    """The part of a set that a folder of this name is: train, test or val.

    None if it could be a class: a name tells a part by a word in it, in any case, as
    in Training, test_set or seg_train.
    """
    words = {word.lower() for word in _WORD.findall(name)}
    parts = [part for part, known in _WORDS.items() if words & known]
    return parts[0] if len(parts) == 1 else None


def split_folders(root: Path) -> dict[str, Path]:
    """The folders of the parts of a set, by part; empty if `root` holds classes.

    Raises:
        ValueError: if it cannot be told which is meant.
        OSError: if a folder cannot be read.
    """
    folders = data_folders(root)
    parts = [(part, each) for each in folders if (part := part_of(each.name))]
    others = [each for each in folders if not part_of(each.name)]
    if not any(data_folders(folder) for _, folder in parts):
        if len(parts) < 2 and (others or not parts):
            return {}  # a class may be called train, as the vehicle is
        raise ValueError(
            f"{root} holds {_names(folders)}, of which some are parts of a set by "
            f"their names, but hold no folders of classes. {_REMEDY}"
        )
    splits = dict(parts)
    if len(splits) < len(parts) or "train" not in splits:
        raise ValueError(
            f"{root} must hold one folder to train on, and one to test on at most. "
            "Its folders by their names: "
            f"{', '.join(f'{each.name} ({part})' for part, each in parts)}. {_REMEDY}"
        )
    if classes := [each for each in others if any(map(is_image, data_files(each)))]:
        raise ValueError(
            f"{root} holds {_names(splits.values())}, which are parts of a set by "
            f"their names, beside {_names(classes)}, which may be classes. {_REMEDY}"
        )
    return splits


def check_classes(folder: Path, classes: Sequence[str]) -> None:
    """Check that class folders are not themselves split into parts.

    Raises:
        ValueError: if they are: their parts would be mixed.
    """
    for name in classes:
        within = data_folders(folder / name)
        parts = {part for each in within if (part := part_of(each.name))}
        if len(parts) > 1 or (parts and len(within) == 1):
            raise ValueError(
                f"{folder / name} holds {_names(within)}, of which some are parts of a "
                f"set by their names. {_REMEDY}"
            )


def _names(folders: Iterable[Path]) -> str:
    return ", ".join(folder.name for folder in folders)

"""Two-class images of the private studies: to train on, to hold out, to test on."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfrwc import datasets
from tfrwc.datasets import catalogue, sources, xray_files

# Rows of the table of data sets, by name; "xrays" are those of a folder.
DATA_SETS = catalogue.for_use("two_classes")
NAMES = tuple(DATA_SETS)
_HELD_OUT = 0.1
# A validation split of fewer images is too small to hold anything against.
_FEWEST = 100


@dataclass(frozen=True, eq=False)
class Split:
    """Images, uint8 (n, height, width, 1), with classes 0 and 1, int64 (n,), and names
    of patients (n,), or None."""

    x: np.ndarray
    y: np.ndarray
    patients: np.ndarray | None = None

    def take(self, chosen: np.ndarray) -> "Split":
        """The images of these indices."""
        patients = None if self.patients is None else self.patients[chosen]
        return Split(self.x[chosen], self.y[chosen], patients)


@dataclass(frozen=True, eq=False)
class Task:
    """Images to tell two classes of.

    Attributes:
        origin: for reports.
        classes: names of class 0 and of class 1, the one to be found.
        train, test: as published.
        held_out: drawn as the training images were, but not trained on: what settings
            are chosen by, and the non-members of membership inference.
        images_per_patient: the greatest number.
    """

    origin: str
    classes: tuple[str, ...]
    train: Split
    held_out: Split
    test: Split
    images_per_patient: int

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image: (height, width, 1)."""
        return self.train.x.shape[1:]


def load(name: str, folder: str | os.PathLike[str] | None = None) -> Task:
    """Load a task.

    Args:
        name: ``"digits"``, which asks for digits of 5 and above;
            ``"pneumoniamnist"`` or ``"chest_xray_64"``, from the folder
            TFRWC_DATA_DIR; ``"xrays"``, those of `folder`, at 64 x 64.
        folder: with chest X-rays, see `tfrwc.datasets.xray_files.find`.

    Raises:
        ValueError: for another name, or without a folder where one is needed.
        OSError: if the files are not there, or not readable.
    """
    if name not in NAMES:
        raise ValueError(
            f"There is no task {name!r}. Choose one of {', '.join(NAMES)}."
        )
    if not DATA_SETS[name].xrays:
        return _two_groups(name)
    folder = folder or os.environ.get(catalogue.DATA_DIR_VARIABLE)
    if not folder:
        raise ValueError(
            f"{name} is read from the folder TFRWC_DATA_DIR. Set it, or take the data "
            "set digits, for which nothing is needed."
        )
    return _x_rays(Path(folder), DATA_SETS[name].size)


def files_of(name: str, folder: str | os.PathLike[str] | None = None) -> Path | None:
    """The file or folder that a task is read from; None if it needs none.

    Args:
        name, folder: as of `load`.

    Raises:
        OSError: if there are no such X-rays.
    """
    if not DATA_SETS[name].xrays:
        return sources.files_of(name)
    folder = folder or os.environ.get(catalogue.DATA_DIR_VARIABLE)
    if not folder:
        return None  # as `load` will say
    return xray_files.files_of(xray_files.find(folder, DATA_SETS[name].size))


def _two_groups(name):
    """Of a set with more classes, the first half against the second."""
    images = datasets.load(name)
    names = images.class_names
    half = len(names) // 2
    train, test = (
        Split(x, np.asarray(y >= half, np.int64))
        for x, y in ((images.x_train, images.y_train), (images.x_test, images.y_test))
    )
    trained, held_out = _hold_out(train)
    classes = tuple(
        group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}"
        for group in (names[:half], names[half:])
    )
    return Task(images.origin, classes, trained, held_out, test, 1)


def _x_rays(folder, size):
    source = xray_files.find(folder, size)
    train, held_out, test = (_read(source, s) for s in ("train", "val", "test"))
    origin = f"chest X-rays in {folder.name}"
    if isinstance(source, xray_files.MedMNIST):
        origin = "PneumoniaMNIST"
    if len(held_out.y) < _FEWEST:
        train, held_out = _hold_out(train)
    most = xray_files.most_images_of_a_patient(source)
    return Task(origin, xray_files.LABELS, train, held_out, test, most)


def _read(source, split):
    examples = [_example(source, key) for key in source.keys(split)]
    if not examples:
        raise ValueError(f"There are no X-rays to {split} with.")
    patients = np.array([example["patient"] for example in examples])
    return Split(
        np.stack([example["image"] for example in examples]),
        np.array([xray_files.LABELS.index(e["label"]) for e in examples], np.int64),
        patients if (patients != "").all() else None,
    )


def _example(source, key):
    try:
        return source.read(key)
    except xray_files.BadFileError as error:
        raise xray_files.BadFileError(
            f"{key} {error}. Replace or remove it."
        ) from error


def _hold_out(train):
    """A tenth of each class, or of the patients, the same every time."""
    from sklearn.model_selection import GroupShuffleSplit, train_test_split

    everything = np.arange(len(train.y))
    if train.patients is None:
        trained, out = train_test_split(
            everything, test_size=_HELD_OUT, stratify=train.y, random_state=0
        )
    else:
        splitter = GroupShuffleSplit(1, test_size=_HELD_OUT, random_state=0)
        [(trained, out)] = splitter.split(everything, groups=train.patients)
    return train.take(trained), train.take(out)

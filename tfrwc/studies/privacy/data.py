"""Two-class images of the private studies: to train on, to hold out, to test on."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfrwc import datasets
from tfrwc.datasets import catalogue, sources, xray_files
from tfrwc.datasets.patients import count_images

# Rows of the table of data sets, by name; "xrays" are those of a folder.
DATA_SETS = catalogue.for_use("two_classes")
NAMES = tuple(DATA_SETS)
_HELD_OUT = 0.1
# A validation split of fewer images is too small to hold anything against.
_FEWEST = 100
_ANYBODY = (
    "That membership is tested by patients: whose images they are is not known, so "
    "that a patient can have images among those trained on and those held out."
)
Folder = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Split:
    """Images, uint8 (n, height, width, channels), with classes 0 and 1, int64 (n,), and
    names of patients (n,), or None."""

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
        assumptions: what that number and the images held out rest on, as sentences for
            what is not promised; none if nothing is assumed.
        may_be_shown: whether reports may show the images.
    """

    origin: str
    classes: tuple[str, ...]
    train: Split
    held_out: Split
    test: Split
    images_per_patient: int
    assumptions: tuple[str, ...] = ()
    may_be_shown: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Of an image: (height, width, channels)."""
        return self.train.x.shape[1:]


def check(
    name: str,
    folder: Folder | None = None,
    patients: Folder | None = None,
    images_per_patient: int | None = None,
) -> None:
    """Check that a task can be read, and that it is known whose images it has.

    Args:
        name, folder, patients, images_per_patient: as of `load`, which raises the same,
            but for damaged images.
    """
    if own := _own(name):
        _images_of_a_person(own, folder, patients, images_per_patient)
        return
    source = _source(name, folder, patients, images_per_patient)
    if source is not None:
        xray_files.images_of_a_patient(source, images_per_patient)


def load(
    name: str,
    folder: Folder | None = None,
    patients: Folder | None = None,
    images_per_patient: int | None = None,
) -> Task:
    """Load a task.

    Args:
        name: ``"digits"``, which asks for digits of 5 and above;
            ``"pneumoniamnist"`` or ``"chest_xray_64"``, from the folder
            TFRWC_DATA_DIR; ``"xrays"``, those of `folder`, at 64 x 64; or the path of
            a folder of two classes, as of `tfrwc.datasets.load`.
        folder: with chest X-rays, see `tfrwc.datasets.xray_files.find`.
        patients: CSV with the patient of every X-ray, see `tfrwc.datasets.patients`;
            None where the names of files tell them.
        images_per_patient: the greatest number of X-rays of one patient; None to count
            them, or to assume it for PneumoniaMNIST. Of a folder of one's own, the
            greatest number of images of one person, or whatever they are of.

    Raises:
        ValueError: for another name, without a folder where one is needed, or if it is
            not known whose images they are; for a folder of other than two classes.
        OSError: if the files are not there, or not readable.
    """
    if own := _own(name):
        most = _images_of_a_person(own, folder, patients, images_per_patient)
        return _own_folder(own, most)
    source = _source(name, folder, patients, images_per_patient)
    return _two_groups(name) if source is None else _x_rays(source, images_per_patient)


def _source(name, folder, patients, images_per_patient):
    """The source of X-rays; None for a set of others."""
    if name not in NAMES:
        raise ValueError(
            f"There is no task {name!r}. Choose one of {', '.join(NAMES)}, or give "
            "the path of a folder of two classes."
        )
    if not DATA_SETS[name].xrays:
        if patients is not None or images_per_patient is not None:
            raise ValueError(
                f"{name} has no patients. A table of patients, or a number of images "
                "of one, is for X-rays."
            )
        return None
    folder = folder or os.environ.get(catalogue.DATA_DIR_VARIABLE)
    if not folder:
        raise ValueError(
            f"{name} is read from the folder TFRWC_DATA_DIR. Set it, or take the data "
            "set digits, for which nothing is needed."
        )
    return xray_files.find(folder, DATA_SETS[name].size, patients)


def identity(
    name: str, folder: Folder | None = None, patients: Folder | None = None
) -> str:
    """A text that is another whenever what a task is read from is.

    Args:
        name, folder, patients: as of `load`, which raises the same.
    """
    own = _own(name)
    source = None if own else _source(name, folder, patients, None)
    if source is None:
        return sources.identity(name)
    paths = [xray_files.files_of(source), *([Path(patients)] if patients else [])]
    texts = [sources.identity_of_files(path) for path in paths]
    return ", ".join([*texts, f"{len(xray_files.links_of(source))} links"])


def _own(name):
    """The folder of one's own that a name means; None if it means a task."""
    return None if name in NAMES else sources.folder_of(name)


def _images_of_a_person(own, folder, patients, given):
    """The greatest number in a folder of one's own, which only its owner knows."""
    if folder is not None or patients is not None:
        raise ValueError(
            f"{own} is a folder of one's own: folder and patients are for X-rays. Give "
            "the greatest number of images of one person, images_per_patient."
        )
    if given is None:
        raise ValueError(
            f"It is not known whose images are in {own}, which decides what privacy "
            "guarantees. Give images_per_patient, the greatest number of images of one "
            "person: 1 if each is of another."
        )
    return count_images([], given)


def _own_folder(own, most):
    images = datasets.load(own)
    if len(images.class_names) != 2:
        raise ValueError(
            f"{own} must hold two classes. Found {', '.join(images.class_names)}. For "
            "more, take the purpose classes."
        )
    train, held_out = _hold_out(Split(images.x_train, images.y_train))
    test = Split(images.x_test, images.y_test)
    assumptions = most.assumptions + ((_ANYBODY,) if most.number > 1 else ())
    return Task(
        images.origin,
        images.class_names,
        *(train, held_out, test, most.number, assumptions),
    )


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
    return Task(
        images.origin,
        classes,
        *(trained, held_out, test, 1),
        may_be_shown=DATA_SETS[name].may_be_shown,
    )


def _x_rays(source, images_per_patient):
    images = xray_files.images_of_a_patient(source, images_per_patient)
    train, held_out, test = (_read(source, s) for s in ("train", "val", "test"))
    for name, split in (("train", train), ("test", test)):
        if split is None:
            raise ValueError(
                f"There are no X-rays to {name} with in {xray_files.files_of(source)}."
            )
    assumptions = images.assumptions
    if train.patients is None and images.number > 1:
        assumptions += (_ANYBODY,)
    held_out = _without_patients_of(train, held_out)
    if held_out is None or len(held_out.y) < _FEWEST:
        train, held_out = _hold_out(train)
    return Task(
        _origin(source),
        xray_files.LABELS,
        *(train, held_out, test, images.number, assumptions),
    )


def _origin(source):
    path = xray_files.files_of(source)
    if path.name == xray_files.MEDMNIST.file:
        return "PneumoniaMNIST"
    links = xray_files.links_of(source)
    linked = f" ({len(links)} of them by links)" if links else ""
    return f"chest X-rays in {path.parent.name}{linked}"


def _read(source, split):
    """The images of a split; None if there are none."""
    examples, bad = [], []
    for key in source.keys(split):
        try:
            examples.append(source.read(key))
        except xray_files.BadFileError as error:
            bad.append(f"{key} {error}")
    if bad:
        listed = "\n  ".join(bad)
        raise xray_files.BadFileError(
            f"{len(bad)} of the files to {split} with are bad:\n  {listed}. Replace or "
            "remove them."
        )
    if not examples:
        return None
    patients = np.array([example["patient"] for example in examples])
    return Split(
        np.stack([example["image"] for example in examples]),
        np.array([xray_files.LABELS.index(e["label"]) for e in examples], np.int64),
        patients if (patients != "").all() else None,
    )


def _without_patients_of(train, held_out):
    """Images that are held out, without those of patients who are trained on."""
    if held_out is None or train.patients is None or held_out.patients is None:
        return held_out
    others = ~np.isin(held_out.patients, train.patients)
    return held_out.take(np.flatnonzero(others))


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

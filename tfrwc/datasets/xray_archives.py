"""Archives of pediatric chest X-rays, checked as a whole before an image is taken."""

import functools
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc._common.names import plain_name
from tfrwc._common.npz import ArchiveError, Arrays, read_npz
from tfrwc.datasets.checks import checked_images, checked_labels
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.datasets.patient_names import patient_of
from tfrwc.datasets.xray_images import (
    LABELS,
    SPLITS,
    SUBTYPES,
    BadFileError,
    Example,
    grey_image,
    resized,
    subtype_and_patient,
)


@dataclass(frozen=True)
class Archive:
    """An .npz archive of the whole set.

    Its arrays are names_S, patient_S, subtype_S and y_S of each split S, and either
    x_S, grey images, or jpeg_S, the bytes of files, which offset_S tells apart.

    Args:
        path: of the archive.
        size: of the squares that images are resized to; None leaves them as they are.
    """

    path: str
    size: int | None

    def keys(self, split: str) -> list[str]:
        """Keys of all images of a split, each with the name of the file it was.

        Raises:
            BadFileError: if the archive is damaged, or not as above.
        """
        names = _splits(self.path)[split].names
        return [f"{split}/{i:05d}/{name}" for i, name in enumerate(names)]

    def patients(self) -> Iterator[tuple[str, str]]:
        """All keys, each with the patient that the archive tells, or nothing."""
        for split in SPLITS:
            part = _splits(self.path)[split]
            for i, key in enumerate(self.keys(split)):
                yield key, part.patient(i)

    def fingerprint(self) -> str:
        """Of the contents, see `tfrwc.datasets.fingerprint`."""
        return fingerprint(self.path, times=False)

    def read(self, key: str) -> Example:
        """Read the image of a key; BadFileError if it is no image."""
        split, index, name = key.split("/", 2)
        i, part = int(index), _splits(self.path)[split]
        if part.offsets is None:
            image = resized(part.pixels[i], self.size)
        else:
            start, end = part.offsets[i : i + 2]
            image = grey_image(part.pixels[start:end].tobytes(), self.size)
        return {
            "image": image,
            "label": LABELS[part.labels[i]],
            "subtype": SUBTYPES[part.subtypes[i]],
            "patient": part.patient(i),
            "name": name,
        }


@dataclass(frozen=True)
class MedMNIST:
    """PneumoniaMNIST: it has neither names nor patients.

    Args:
        path: of the archive.
    """

    path: str

    def keys(self, split: str) -> list[str]:
        """Keys of all images of a split; BadFileError if the archive is damaged."""
        _, labels = _medmnist(self.path)[split]
        return [f"{split}/{i:05d}" for i in range(len(labels))]

    def patients(self) -> Iterator[tuple[str, str]]:
        """All keys, each without a patient."""
        return ((key, "") for split in SPLITS for key in self.keys(split))

    def fingerprint(self) -> str:
        """Of the contents: 16 hexadecimal digits of their SHA-256, whatever the file
        is called."""
        return hashlib.sha256(Path(self.path).read_bytes()).hexdigest()[:16]

    def read(self, key: str) -> Example:
        """Read the image of a key."""
        split, index = key.split("/")
        images, labels = _medmnist(self.path)[split]
        label = int(labels[int(index)])
        return {
            "image": images[int(index)],
            "label": LABELS[label],
            "subtype": "unknown" if label else "normal",
            "patient": "",
            "name": key,
        }


@dataclass(frozen=True)
class _Split:
    """The images of a split: pixels (n, height, width), or the bytes of all files with
    the offsets (n + 1,) between them."""

    names: list[str]
    patients: list[str]
    labels: NDArray[np.int64]
    subtypes: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    offsets: NDArray[np.int64] | None

    def patient(self, i: int) -> str:
        """The patient of an image; one that only repeats the file's name is none."""
        name, patient = self.names[i], self.patients[i]
        if patient in (name, Path(name).name, Path(name).stem):
            return patient_of(name) or ""
        return patient


def _splits(path: str) -> dict[str, _Split]:
    return _read_splits(path, *_state(path))


def _medmnist(path: str) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    return _read_medmnist(path, *_state(path))


def _state(path: str) -> tuple[int, ...]:
    """What differs once a file is replaced."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise BadFileError(f"{path} cannot be read ({error})") from error
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@functools.lru_cache(maxsize=4)
def _read_splits(path: str, *state: int) -> dict[str, _Split]:
    """All of an archive, once per process and state of the file."""
    arrays = _arrays(path)
    try:
        return {split: _split(arrays, split) for split in SPLITS}
    except ValueError as error:
        raise BadFileError(
            f"{path} is no archive of these X-rays: {error}. Get it again"
        ) from error


@functools.lru_cache(maxsize=4)
def _read_medmnist(
    path: str, *state: int
) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.int64]]]:
    arrays = _arrays(path)
    splits = {}
    for split in SPLITS:
        images, labels = f"{split}_images", f"{split}_labels"
        try:
            x = checked_images(_named(arrays, images), images)
            y = checked_labels(_named(arrays, labels), len(x), len(LABELS), labels)
        except ValueError as error:
            raise BadFileError(
                f"{path} is no archive of MedMNIST: {error}. Get it again"
            ) from error
        splits[split] = x, y
    return splits


def _arrays(path: str) -> Arrays:
    try:
        return read_npz(path)
    except ArchiveError as error:
        raise BadFileError(f"{error} Get it again") from error


def _named(arrays: Arrays, name: str) -> NDArray[Any]:
    if name not in arrays:
        raise ValueError(f"it has no array {name}; it has {', '.join(sorted(arrays))}")
    return arrays[name]


def _split(arrays: Arrays, split: str) -> _Split:
    names = _text(arrays, f"names_{split}")
    count = len(names)
    patients = [plain_name(text) for text in _text(arrays, f"patient_{split}")]
    if len(patients) != count:
        raise ValueError(f"patient_{split} has {len(patients)} of {count} patients")
    labels, subtypes = (
        checked_labels(_named(arrays, name), count, len(known), name)
        if count
        else np.zeros(0, np.int64)
        for name, known in ((f"y_{split}", LABELS), (f"subtype_{split}", SUBTYPES))
    )
    for name, label, subtype in zip(names, labels, subtypes, strict=True):
        _check_name(f"{split}: {name}", Path(name).name, label, subtype)
    pixels, offsets = _pixels(arrays, split, count)
    return _Split(names, patients, labels, subtypes, pixels, offsets)


def _check_name(place: str, name: str, label: int, subtype: int) -> None:
    """Check that a file's name, label and subtype tell the same class."""
    try:
        subtype_and_patient(name, LABELS[label])
    except BadFileError as error:
        raise ValueError(f"{place} {error}") from error
    if (label == 0) != (subtype == 0):
        raise ValueError(f"{place} is {LABELS[label]}, but {SUBTYPES[subtype]}")


def _text(arrays: Arrays, name: str) -> list[str]:
    values = _named(arrays, name)
    if values.ndim != 1 or values.dtype.kind not in "SU":
        raise ValueError(
            f"{name} must be text, (n,), but is {values.dtype} of shape {values.shape}"
        )
    if values.dtype.kind == "S":
        return [bytes(value).decode("utf-8") for value in values.tolist()]
    return [str(value) for value in values.tolist()]


def _pixels(
    arrays: Arrays, split: str, count: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64] | None]:
    if f"jpeg_{split}" not in arrays:
        images = _named(arrays, f"x_{split}")
        fits = images.ndim == 3 and len(images) == count and 0 not in images.shape[1:]
        if images.dtype != np.uint8 or not fits:
            raise ValueError(
                f"x_{split} must be {count} grey images, uint8 (n, height, width), but "
                f"is {images.dtype} of shape {images.shape}"
            )
        return images, None
    data, offsets = arrays[f"jpeg_{split}"], _named(arrays, f"offset_{split}")
    if data.dtype != np.uint8 or data.ndim != 1:
        raise ValueError(f"jpeg_{split} must be bytes, but is {data.dtype}")
    if (
        offsets.dtype.kind not in "iu"
        or offsets.shape != (count + 1,)
        or offsets[0] < 0
        or offsets[-1] > len(data)
        or (offsets[1:] < offsets[:-1]).any()
    ):
        raise ValueError(
            f"offset_{split} must be {count + 1} ascending numbers in 0..{len(data)}"
        )
    return data, offsets.astype(np.int64)

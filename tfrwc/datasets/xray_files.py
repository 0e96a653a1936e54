"""The files that pediatric chest X-rays come in, read one image at a time.

The set is that of Kermany et al. (Cell 2018): folders train, val and test with
folders NORMAL and PNEUMONIA, as it circulates on Kaggle; one .npz archive of it in
64 x 64 or in JPEG at 224 x 224; and PneumoniaMNIST (28 x 28, MedMNIST v2).
"""

import functools
import hashlib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from tfrwc.datasets.catalogue import DATA_SETS
from tfrwc.datasets.decode import UnreadableImageError, decode

SPLITS = ("train", "val", "test")
LABELS = ("NORMAL", "PNEUMONIA")
SUBTYPES = ("normal", "bacteria", "virus", "unknown")
MEDMNIST = DATA_SETS["pneumoniamnist"]
MEDMNIST_URL = f"https://zenodo.org/records/10519652/files/{MEDMNIST.file}"
# Of the whole set, by the size of its images.
ARCHIVES = {
    row.size: row.file
    for row in DATA_SETS.values()
    if row.xrays and row.file and row is not MEDMNIST
}

_PNEUMONIA = re.compile(r"(person\d+)_(bacteria|virus)_")
_NORMAL = re.compile(r"((?:NORMAL\d+-)?IM-\d+)-")


class BadFileError(ValueError):
    """A file that is not what it should be; the message says what is wrong."""


class Example(TypedDict):
    """An image, uint8 (height, width, 1), with its label, of LABELS, and its subtype,
    of SUBTYPES; patient is empty where it is not known."""

    image: NDArray[np.uint8]
    label: str
    subtype: str
    patient: str
    name: str


@dataclass(frozen=True)
class Folder:
    """Folders of image files.

    Args:
        root: holds SPLITS/LABELS/files.
        size: of the squares that images are resized to; None leaves them as they are.
    """

    root: str
    size: int | None

    def keys(self, split: str) -> list[str]:
        """Relative paths of all files of a split but hidden ones, sorted."""
        root = Path(self.root)
        return [
            path.relative_to(root).as_posix()
            for label in LABELS
            for path in sorted((root / split / label).rglob("*"))
            if path.is_file() and not path.name.startswith(".")
        ]

    def read(self, key: str) -> Example:
        """Read the file of a key.

        Raises:
            BadFileError: if the file is empty, no image, or named as the other class.
        """
        path = Path(self.root) / key
        label = key.split("/")[1]
        subtype, patient = subtype_and_patient(path.name, label)
        return {
            "image": grey_image(path.read_bytes(), self.size),
            "label": label,
            "subtype": subtype,
            "patient": patient,
            "name": path.name,
        }


@dataclass(frozen=True)
class Archive:
    """An .npz archive of the whole set.

    Args:
        path: of the archive.
        size: of the squares that images are resized to; None leaves them as they are.
    """

    path: str
    size: int | None

    def keys(self, split: str) -> list[str]:
        """Keys of all images of a split, each with the name of the file it was."""
        names = self._array(f"names_{split}")
        return [f"{split}/{i:05d}/{name.decode()}" for i, name in enumerate(names)]

    def read(self, key: str) -> Example:
        """Read the image of a key; BadFileError if it is no image."""
        split, index, name = key.split("/")
        i = int(index)
        if "jpeg_" + split in _arrays(self.path):
            start, end = self._array(f"offset_{split}")[i : i + 2]
            data = self._array(f"jpeg_{split}")[start:end].tobytes()
            image = grey_image(data, self.size)
        else:
            image = _resized(self._array(f"x_{split}")[i], self.size)
        return {
            "image": image,
            "label": LABELS[self._array(f"y_{split}")[i]],
            "subtype": SUBTYPES[self._array(f"subtype_{split}")[i]],
            "patient": self._array(f"patient_{split}")[i].decode(),
            "name": name,
        }

    def _array(self, name: str) -> NDArray[Any]:
        return _arrays(self.path)[name]


@dataclass(frozen=True)
class MedMNIST:
    """PneumoniaMNIST: it has neither names nor patients.

    Args:
        path: of the archive.
    """

    path: str

    def keys(self, split: str) -> list[str]:
        """Keys of all images of a split."""
        return [
            f"{split}/{i:05d}"
            for i in range(len(_arrays(self.path)[f"{split}_labels"]))
        ]

    def read(self, key: str) -> Example:
        """Read the image of a key."""
        split, index = key.split("/")
        arrays = _arrays(self.path)
        label = int(arrays[f"{split}_labels"][int(index)].item())
        return {
            "image": arrays[f"{split}_images"][int(index)][..., None],
            "label": LABELS[label],
            "subtype": "unknown" if label else "normal",
            "patient": "",
            "name": key,
        }


Source = Folder | Archive | MedMNIST


def find(folder: str | os.PathLike[str], size: int | None) -> Source:
    """The source of images of a size in a folder.

    Args:
        folder: holds chest_xray/, or one of `ARCHIVES`, or PneumoniaMNIST for size 28.
        size: 28, 64, 224, or None for the files' own sizes.

    Raises:
        FileNotFoundError: if there is none; it says how to get one.
        BadFileError: if PneumoniaMNIST is not the published file.
    """
    folder = Path(folder)
    if size == 28:
        path = folder / str(MEDMNIST.file)
        if path.exists():
            check_sha256(path, str(MEDMNIST.sha256))
            return MedMNIST(str(path))
        missing_files = f"{MEDMNIST.file} ({MEDMNIST_URL})"
    else:
        root = folder / "chest_xray"
        if root.is_dir():
            missing = [s for s in SPLITS if not (root / s / LABELS[0]).is_dir()]
            if missing:
                raise FileNotFoundError(
                    f"{root} must hold {', '.join(SPLITS)}, each with "
                    f"{' and '.join(LABELS)}. Missing: {', '.join(missing)}."
                )
            return Folder(str(root), size)
        archive = folder / ARCHIVES[64 if size == 64 else 224]
        if size and archive.exists():
            return Archive(str(archive), size)
        missing_files = (
            "the folder chest_xray of Kaggle's set "
            "paultimothymooney/chest-xray-pneumonia"
        )
    raise FileNotFoundError(
        f"There are no X-rays in {folder}. Put there {missing_files}, or name the "
        "folder that holds it as manual_dir."
    )


def most_images_of_a_patient(source: Source) -> int:
    """The greatest number of images of one patient, over all splits."""
    if isinstance(source, MedMNIST):
        return 31  # as in the set that it was made from
    counts: dict[str, int] = {}
    for split in SPLITS:
        for key in source.keys(split):
            name = key.rsplit("/", 1)[1]
            match = _PNEUMONIA.match(name) or _NORMAL.match(name)
            patient = match.group(1) if match else name
            counts[patient] = counts.get(patient, 0) + 1
    return max(counts.values(), default=1)


def subtype_and_patient(name: str, label: str) -> tuple[str, str]:
    """Subtype, of `SUBTYPES`, and patient, as the name of a file tells them.

    Args:
        name: of the file; where it tells no patient, its stem stands for one.
        label: of `LABELS`.

    Raises:
        BadFileError: if it is a name of the other class.
    """
    pneumonia, normal = _PNEUMONIA.match(name), _NORMAL.match(name)
    if (normal and label != "NORMAL") or (pneumonia and label != "PNEUMONIA"):
        other = "PNEUMONIA" if pneumonia else "NORMAL"
        raise BadFileError(f"lies in {label}, but its name is one of {other}")
    if pneumonia:
        return pneumonia.group(2), pneumonia.group(1)
    if normal:
        return "normal", normal.group(1)
    return ("normal" if label == "NORMAL" else "unknown"), Path(name).stem


def grey_image(data: bytes, size: int | None = None) -> NDArray[np.uint8]:
    """The image in the bytes of a file, in grey: uint8 (height, width, 1).

    Args:
        data: of the file.
        size: height and width it is resized to; None leaves it as it is.

    Raises:
        BadFileError: if they are no image.
    """
    from PIL import Image

    if not data:
        raise BadFileError("is empty")
    try:
        image = decode(io.BytesIO(data))
    except UnreadableImageError as error:
        raise BadFileError(f"is no readable image ({error})") from error
    if image.ndim == 3:
        image = np.asarray(Image.fromarray(image).convert("L"))
    return _resized(image, size)


def check_sha256(path: str | os.PathLike[str], expected: str) -> None:
    """Check that a file is the published one.

    Args:
        path: of the file.
        expected: its SHA-256, in hexadecimal.

    Raises:
        BadFileError: if its SHA-256 is another.
    """
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    if digest != expected:
        raise BadFileError(
            f"{path} is not the published file: its SHA-256 is {digest}, not "
            f"{expected}. Get it again."
        )


def _resized(grey: NDArray[np.uint8], size: int | None) -> NDArray[np.uint8]:
    from PIL import Image

    if size is not None and grey.shape != (size, size):
        resized = Image.fromarray(grey).resize((size, size), Image.Resampling.LANCZOS)
        grey = np.asarray(resized)
    return grey[..., None]


@functools.lru_cache(maxsize=4)
def _arrays(path: str) -> dict[str, NDArray[Any]]:
    """All arrays of an archive, once per process."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}

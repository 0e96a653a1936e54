"""The files that pediatric chest X-rays come in, read one image at a time.

The set is that of Kermany et al. (Cell 2018): folders train, val and test with
folders NORMAL and PNEUMONIA, as it circulates on Kaggle; one .npz archive of it in
64 x 64 or in JPEG at 224 x 224; and PneumoniaMNIST (28 x 28, MedMNIST v2).
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from tfrwc.datasets.catalogue import DATA_SETS
from tfrwc.datasets.files import data_files
from tfrwc.datasets.xray_archives import Archive, MedMNIST
from tfrwc.datasets.xray_images import (
    LABELS,
    NORMAL_NAME,
    PNEUMONIA_NAME,
    SPLITS,
    SUBTYPES,
    BadFileError,
    Example,
    grey_image,
    subtype_and_patient,
)

__all__ = [
    "ARCHIVES",
    "LABELS",
    "MEDMNIST",
    "MEDMNIST_URL",
    "SPLITS",
    "SUBTYPES",
    "Archive",
    "BadFileError",
    "Example",
    "Folder",
    "MedMNIST",
    "Source",
    "check_sha256",
    "files_of",
    "find",
    "grey_image",
    "most_images_of_a_patient",
    "subtype_and_patient",
]

MEDMNIST = DATA_SETS["pneumoniamnist"]
MEDMNIST_URL = f"https://zenodo.org/records/10519652/files/{MEDMNIST.file}"
# Of the whole set, by the size of its images.
ARCHIVES = {
    row.size: row.file
    for row in DATA_SETS.values()
    if row.xrays and row.file and row is not MEDMNIST
}


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
        """Relative paths of all files of a split, sorted, but those that
        `tfrwc.datasets.files.is_data` knows as no data."""
        root = Path(self.root)
        return [
            path.relative_to(root).as_posix()
            for label in LABELS
            for path in data_files(root / split / label)
        ]

    def read(self, key: str) -> Example:
        """Read the file of a key.

        Raises:
            BadFileError: if the file is empty, no image, or named as the other class.
        """
        path = Path(self.root) / key
        if not path.is_file():  # a pipe would wait for ever
            raise BadFileError("is no file, or a link to none")
        _check_text(path.name)
        label = key.split("/")[1]
        subtype, patient = subtype_and_patient(path.name, label)
        return {
            "image": grey_image(_bytes(path), self.size),
            "label": label,
            "subtype": subtype,
            "patient": patient,
            "name": path.name,
        }


def _check_text(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise BadFileError("has a name that is no text in UTF-8") from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot be read ({error})") from error


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
            missing = [
                s for s in SPLITS if not all((root / s / k).is_dir() for k in LABELS)
            ]
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


def files_of(source: Source) -> Path:
    """The file or folder that a source is read from."""
    return Path(source.root if isinstance(source, Folder) else source.path)


def most_images_of_a_patient(source: Source) -> int:
    """The greatest number of images of one patient, over all splits."""
    if isinstance(source, MedMNIST):
        return 31  # as in the set that it was made from
    counts: dict[str, int] = {}
    for split in SPLITS:
        for key in source.keys(split):
            name = key.rsplit("/", 1)[1]
            match = PNEUMONIA_NAME.match(name) or NORMAL_NAME.match(name)
            patient = match.group(1) if match else name
            counts[patient] = counts.get(patient, 0) + 1
    return max(counts.values(), default=1)


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

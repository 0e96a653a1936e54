"""The files that pediatric chest X-rays come in, read one image at a time.

The set is that of Kermany et al. (Cell 2018): folders train, val and test with
folders NORMAL and PNEUMONIA, as it circulates on Kaggle; one .npz archive of it in
64 x 64 or in JPEG at 224 x 224; and PneumoniaMNIST (28 x 28, MedMNIST v2).
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tfrwc.datasets.catalogue import DATA_SETS
from tfrwc.datasets.patients import (
    ImagesOfAPatient,
    count_images,
    patient_in,
    read_patients,
    shown,
)
from tfrwc.datasets.xray_archives import Archive, MedMNIST
from tfrwc.datasets.xray_folders import Folder
from tfrwc.datasets.xray_images import (
    LABELS,
    SPLITS,
    SUBTYPES,
    BadFileError,
    Example,
    grey_image,
    subtype_and_patient,
)
from tfrwc.datasets.xray_tree import elsewhere, find_root

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
    "WithPatients",
    "check_sha256",
    "files_of",
    "find",
    "grey_image",
    "images_of_a_patient",
    "links_of",
    "most_images_of_a_patient",
    "subtype_and_patient",
    "with_patients",
]

# Counted by the names of its files, version 2.
_MOST_OF_KERMANY = 31
_OF_MEDMNIST = ImagesOfAPatient(
    _MOST_OF_KERMANY,
    (
        f"That no patient has more than {_MOST_OF_KERMANY} images: PneumoniaMNIST does "
        "not say whose its images are, and this is the most in the set that it was "
        "made from, counted by the names of its files.",
    ),
)
MEDMNIST = DATA_SETS["pneumoniamnist"]
MEDMNIST_URL = f"https://zenodo.org/records/10519652/files/{MEDMNIST.file}"
# Of the whole set, by the size of its images.
ARCHIVES = {
    row.size: row.file
    for row in DATA_SETS.values()
    if row.xrays and row.file and row is not MEDMNIST
}


@dataclass(frozen=True)
class WithPatients:
    """Images of another source, with the patients of a table.

    Args:
        source: of the images.
        patients: of every key.
    """

    source: "Folder | Archive | MedMNIST"
    table: Mapping[str, str]

    def keys(self, split: str) -> list[str]:
        """As of the source."""
        return self.source.keys(split)

    def patients(self) -> Iterator[tuple[str, str]]:
        """All keys of the source, each with its patient."""
        return ((key, self.table[key]) for key, _ in self.source.patients())

    def fingerprint(self) -> str:
        """Of the source and the table."""
        rows = sorted(self.table.items())
        text = json.dumps([self.source.fingerprint(), rows])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def read(self, key: str) -> Example:
        """As of the source, with the patient of the table."""
        return {**self.source.read(key), "patient": self.table[key]}


Source = Folder | Archive | MedMNIST | WithPatients


def find(
    folder: str | os.PathLike[str],
    size: int | None,
    patients: str | os.PathLike[str] | None = None,
) -> Source:
    """The source of images of a size in a folder.

    Args:
        folder: holds chest_xray/, as `tfrwc.datasets.xray_tree.find_root` finds it, or
            one of `ARCHIVES`, or PneumoniaMNIST for size 28.
        size: 28, 64, 224, or None for the files' own sizes.
        patients: CSV with the patient of every file, see `tfrwc.datasets.patients`;
            None where file names or the archive tell them.

    Raises:
        FileNotFoundError: if there is none; it says how to get one.
        BadFileError: if PneumoniaMNIST is not the published file, or chest_xray is not
            as it must be.
        ValueError: if the table of patients lacks a file.
    """
    source = _find(Path(folder), size)
    return source if patients is None else with_patients(source, patients)


def with_patients(source: Source, path: str | os.PathLike[str]) -> WithPatients:
    """A source with the patients of a table.

    Args:
        source: of the images.
        path: of the table, see `tfrwc.datasets.patients.read_patients`.

    Raises:
        ValueError: if it is no table, or lacks a file; the message names them.
        FileNotFoundError: if there is no such file.
    """
    if isinstance(source, WithPatients):
        source = source.source
    rows, table, missing = read_patients(path), {}, []
    for key, _ in source.patients():
        patient = patient_in(rows, f"chest_xray/{_file_of(source, key)}")
        if patient is None:
            missing.append(key)
        else:
            table[key] = patient
    if missing:
        raise ValueError(
            f"The table of patients {path} lacks {len(missing):,} of the files: "
            f"{shown(missing)}. Add a line for each."
        )
    return WithPatients(source, table)


def _file_of(source: Source, key: str) -> str:
    """The path by which a table may name a key."""
    if isinstance(source, Archive):
        split, _, name = key.split("/", 2)
        return f"{split}/{name}"
    return key


def _find(folder: Path, size: int | None) -> Source:
    if size == 28:
        path = folder / str(MEDMNIST.file)
        if path.exists():
            check_sha256(path, str(MEDMNIST.sha256))
            return MedMNIST(str(path))
        missing_files = f"{MEDMNIST.file} ({MEDMNIST_URL})"
    else:
        archive = folder / ARCHIVES[64 if size == 64 else 224]
        if (root := find_root(folder)) is not None:
            return Folder(str(root), size)
        if size and archive.exists():
            return Archive(str(archive), size)
        missing_files = (
            "the folder chest_xray of Kaggle's set "
            "paultimothymooney/chest-xray-pneumonia"
        )
    raise FileNotFoundError(
        f"There are no X-rays in {folder}. Put there {missing_files}, or name the "
        f"folder that holds it as manual_dir.{_hint(folder, size)}"
    )


def _hint(folder: Path, size: int | None) -> str:
    places = [] if size == 28 else elsewhere(folder)
    return f" There may be some in {shown(list(map(str, places)))}." if places else ""


def files_of(source: Source) -> Path:
    """The file or folder that a source is read from."""
    if isinstance(source, WithPatients):
        source = source.source
    return Path(source.root if isinstance(source, Folder) else source.path)


def links_of(source: Source) -> list[str]:
    """Keys of the files that are reached by symbolic links."""
    if isinstance(source, WithPatients):
        source = source.source
    return source.links() if isinstance(source, Folder) else []


def images_of_a_patient(
    source: Source, images_per_patient: int | None = None
) -> ImagesOfAPatient:
    """The greatest number of images of one patient, and on what it rests.

    PneumoniaMNIST names no patients; the most in the set that it was made from is
    assumed then.

    Args:
        source: of the images.
        images_per_patient: that number, by whoever knows the patients; None to count.

    Raises:
        ValueError: if names tell no patient and no number is given, or one has more.
    """
    if isinstance(source, MedMNIST) and images_per_patient is None:
        return _OF_MEDMNIST
    return count_images(source.patients(), images_per_patient)


def most_images_of_a_patient(
    source: Source, images_per_patient: int | None = None
) -> int:
    """The number of `images_of_a_patient`."""
    return images_of_a_patient(source, images_per_patient).number


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

"""Folders of chest X-ray files, read one at a time."""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfrwc.datasets.files import data_files, is_image
from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.datasets.xray_images import (
    DICOM,
    LABELS,
    SPLITS,
    BadFileError,
    Example,
    grey_image,
    subtype_and_patient,
)

DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}


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

    def patients(self) -> Iterator[tuple[str, str]]:
        """Keys of all files that may be images, each with the patient that its name
        tells, or nothing."""
        for key in self._all_keys():
            path = _below_class(key)
            if is_image(Path(path)):
                with contextlib.suppress(BadFileError):  # which is never read
                    yield key, subtype_and_patient(path, key.split("/")[1])[1]

    def fingerprint(self) -> str:
        """Of the names and contents of all files, see `tfrwc.datasets.fingerprint`."""
        parts = [
            fingerprint(path, times=False) for path in class_folders(Path(self.root))
        ]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    def links(self) -> list[str]:
        """Keys of the files that are reached by symbolic links."""
        root = Path(self.root)
        return [
            key
            for key in self._all_keys()
            if any((root / part).is_symlink() for part in _ways(key))
        ]

    def _all_keys(self) -> Iterator[str]:
        return (key for split in SPLITS for key in self.keys(split))

    def read(self, key: str) -> Example:
        """Read the file of a key.

        Raises:
            BadFileError: if the file is empty, no image, or named as the other class.
        """
        path = Path(self.root) / key
        if not path.is_file():  # a pipe would wait for ever
            raise BadFileError("is no file, or a link to none")
        _check_text(path.name)
        _check_kind(path)
        label = key.split("/")[1]
        subtype, patient = subtype_and_patient(_below_class(key), label)
        return {
            "image": grey_image(_bytes(path), self.size),
            "label": label,
            "subtype": subtype,
            "patient": patient,
            "name": path.name,
        }


def class_folders(root: Path) -> list[Path]:
    """The folder of each class in each part of a set."""
    return [root / split / label for split in SPLITS for label in LABELS]


def _below_class(key: str) -> str:
    return key.split("/", 2)[2]


def _ways(key: str) -> list[str]:
    """A path and the folders on its way."""
    parts = key.split("/")
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _check_text(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise BadFileError("has a name that is no text in UTF-8") from error


def _check_kind(path: Path) -> None:
    """Check that a file's name is one of an image."""
    suffix = path.suffix.lower()
    if suffix in DICOM_SUFFIXES:
        raise BadFileError(f"is {DICOM}")
    if not is_image(path):
        raise BadFileError(
            f"is no readable image (files of the kind {suffix or path.name!r} are not "
            "read; convert it to PNG if it is one)"
        )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFileError(f"cannot be read ({error})") from error

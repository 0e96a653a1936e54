"""Pediatric chest X-rays one at a time: an image, its class, and its patient."""

import io
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from tfrwc.datasets.decode import UnreadableImageError, decode
from tfrwc.datasets.patient_names import patient_of, subtypes_of

SPLITS = ("train", "val", "test")
LABELS = ("NORMAL", "PNEUMONIA")
SUBTYPES = ("normal", "bacteria", "virus", "unknown")
DICOM = (
    "a DICOM file, which is not read: convert it to PNG first, for example by pydicom "
    "(pixel_array, with apply_voi_lut) and Pillow"
)


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


def subtype_and_patient(name: str, label: str) -> tuple[str, str]:
    """Subtype, of `SUBTYPES`, and patient, as the name of a file tells them.

    Args:
        name: of the file, with folders below that of its class if there are any.
        label: of `LABELS`.

    Returns:
        The subtype, and the patient, see `tfrwc.datasets.patient_names`; empty where
        the name tells none.

    Raises:
        BadFileError: if it is a name of the other class.
    """
    subtypes = subtypes_of(name)
    others = {"bacteria", "virus"} if label == "NORMAL" else {"normal"}
    if subtypes & others:
        other = "PNEUMONIA" if label == "NORMAL" else "NORMAL"
        raise BadFileError(f"lies in {label}, but its name is one of {other}")
    subtype = "normal" if label == "NORMAL" else "unknown"
    if len(subtypes) == 1:
        [subtype] = subtypes
    return subtype, patient_of(name) or ""


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
    if data[128:132] == b"DICM":
        raise BadFileError(f"is {DICOM}")
    try:
        image = decode(io.BytesIO(data))
    except UnreadableImageError as error:
        raise BadFileError(f"is no readable image ({error})") from error
    if image.ndim == 3:
        image = np.asarray(Image.fromarray(image).convert("L"))
    return resized(image, size)


def resized(grey: NDArray[np.uint8], size: int | None) -> NDArray[np.uint8]:
    """A grey image (height, width) as (size, size, 1); None leaves its size."""
    from PIL import Image

    if size is not None and grey.shape != (size, size):
        square = Image.fromarray(grey).resize((size, size), Image.Resampling.LANCZOS)
        grey = np.asarray(square)
    return grey[..., None]

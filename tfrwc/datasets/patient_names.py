"""Whose image a file is, as the names of published sets tell it.

>>> patient_of("IM-0001-0002.jpeg"), patient_of("Copy of IM-0001-0001 (1).jpeg")
('IM-0001', 'IM-0001')
>>> patient_of("aug_0_1234.png") is None
True

How many images a patient has decides what a guarantee for patients is. So nothing is
guessed: a name that belongs to no scheme here tells no patient. Names of RSNA's
challenge, PadChest and VinDr are of images, not of patients. Two numberings that may
mean one person (bacteria and virus, train and test) count as one, so that patients
rather have too many images than too few.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

_FLAGS = re.IGNORECASE | re.ASCII
# What programs put before the name of a copy, as in "Copy of ..." and "aug_3_...".
_WORDS = (
    "copy of|copy|augmented|augmentation|augment|aug|hflip|vflip|flipped|flipping|flip|"
    "horizontal|vertical|mirrored|mirror|rotated|rotation|rotate|rot|shifted|shift|"
    "translated|translation|translate|zoomed|zoom|cropped|crop|resized|resize|"
    "brightness|bright|contrast|clahe|gamma|equalized|enhanced|sharpened|sharpen|"
    "noisy|noise|gaussian|blurred|blur|sheared|shear|affine|elastic|scaled|scale|"
    "normalized|preprocessed|processed|edited|train|test|val"
)
_BEFORE = re.compile(
    rf"(?:(?:{_WORDS})[\d.]*[ _()-]+(?:[\d.]{{1,5}}[ _()-]+)*)*", _FLAGS
)

_Told = Callable[["re.Match[str]"], str]


@dataclass(frozen=True)
class _Scheme:
    """A way of naming files.

    Attributes:
        pattern: of the name, after another sign than a letter or digit.
        patient: from a match to the name of the patient.
        subtype: from a match to normal, bacteria or virus; None if it is not told.
        at_start: whether it must begin the name of the file, but for words of copies:
            numbers alone could be anything's elsewhere.
        in_no_folder: whether folders, but for those of copies, make it tell nobody:
            viewers of DICOM call the series of any patient so, in his folder.
    """

    pattern: re.Pattern[str]
    patient: _Told
    subtype: _Told | None = None
    at_start: bool = False
    in_no_folder: bool = False


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![a-z0-9])(?:{text})(?!\d)", _FLAGS)


_SCHEMES = (
    # Kermany et al., version 2, which Kaggle has: person1_bacteria_1.jpeg,
    # IM-0115-0001.jpeg, NORMAL2-IM-0383-0001.jpeg.
    _Scheme(
        _pattern(r"person(\d+)[_-](bacteria|virus)(?![a-z])"),
        lambda m: f"person{_number(m[1])}",
        lambda m: m[2].lower(),
    ),
    _Scheme(
        _pattern(r"(normal2-)?im-(\d+)-\d+"),
        lambda m: f"{(m[1] or '').upper()}IM-{_number(m[2]).zfill(4)}",
        lambda m: "normal",
        at_start=True,
        in_no_folder=True,
    ),
    # Version 3, of Mendeley: disease, patient, number of the patient's image.
    _Scheme(
        _pattern(r"(normal|bacteria|virus)-(\d+)-\d{4}"),
        lambda m: _number(m[2]),
        lambda m: m[1].lower(),
    ),
    # NIH ChestX-ray14: 30,805 patients in eight digits, then a number. A date is none.
    _Scheme(_pattern(r"(000[0-3]\d{4})_\d{3}"), lambda m: m[1], at_start=True),
    # CheXpert and MIMIC-CXR: in folders, or with the folders in the name.
    _Scheme(
        _pattern(r"patient(\d{5,6})[/_-]study\d+[/_-]view\d+"),
        lambda m: f"patient{_number(m[1]).zfill(5)}",
    ),
    _Scheme(_pattern(r"p(1\d{7})[/_-]s5\d{7}"), lambda m: f"p{m[1]}"),
    # BIDS, as BIMCV-COVID19 has it: sub-S03047_ses-E07985_...
    _Scheme(
        _pattern(r"sub-([a-z0-9]+)_ses-[a-z0-9]+"),
        lambda m: f"sub-{m[1].lower()}",
        at_start=True,
    ),
)


def patient_of(path: str) -> str | None:
    """The patient that a file's name tells, as published sets name files.

    Cases do not matter, nor what copies have before or after the name.

    Args:
        path: of the file, with the folders below that of its class, which tell the
            patient in CheXpert and MIMIC-CXR.

    Returns:
        One name for each patient; None if the name is of no scheme that is known, or
        tells several patients.
    """
    patients = {scheme.patient(match) for scheme, match in _matches(path)}
    return patients.pop() if len(patients) == 1 else None


def subtypes_of(path: str) -> set[str]:
    """Of normal, bacteria and virus, those that a file's name tells."""
    return {s.subtype(match) for s, match in _matches(path) if s.subtype is not None}


def _matches(path: str) -> list[tuple[_Scheme, re.Match[str]]]:
    """What a path is told by; with one that counts, all others that it contains, so
    that a picture mixed of two is none of one patient."""
    name = PurePosixPath(path).name
    before = _BEFORE.match(name)
    start = len(path) - len(name) + (before.end() if before else 0)
    matches = [
        (scheme, match)
        for scheme in _SCHEMES
        for match in scheme.pattern.finditer(path)
    ]
    counts = any(not s.at_start or match.start() == start for s, match in matches)
    told = counts and not (
        any(scheme.in_no_folder for scheme, _ in matches)
        and any(not _BEFORE.fullmatch(f"{part} ") for part in path.split("/")[:-1])
    )
    return matches if told else []


def _number(digits: str) -> str:
    return digits.lstrip("0") or "0"

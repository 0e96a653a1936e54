"""How many images a patient has, by file names, a table, or whoever knows.

A table is a CSV with the columns file and patient:

    file,patient
    train/NORMAL/a.png,007
    b.png,008
"""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, TypeVar

from tfrwc._common.checks import whole_number
from tfrwc._common.names import plain_name
from tfrwc._common.paths import local_path

S = TypeVar("S", bound=Any)

_SHOWN = 20
REMEDY = (
    "What is guaranteed to a patient depends on how many images of one there are. Give "
    "a table with the columns file and patient (patients=, --patients FILE.csv), or "
    "the greatest number of images of one patient (images_per_patient=, "
    "--images-per-patient N)."
)


@dataclass(frozen=True)
class ImagesOfAPatient:
    """The greatest number of images of one patient.

    Attributes:
        number: of images.
        assumptions: what it rests on, as sentences for what is not promised; none if
            it was counted.
    """

    number: int
    assumptions: tuple[str, ...] = ()


def count_images(
    patients: Iterable[tuple[str, str | None]], given: int | None = None
) -> ImagesOfAPatient:
    """The greatest number of images of one patient.

    Args:
        patients: each file with its patient, None or empty where that is not known.
        given: that number by whoever knows the patients; None to count.

    Raises:
        ValueError: if some patients are not known and no number is given; or if one
            has more images than given.
    """
    counts: dict[str, int] = {}
    unknown: list[str] = []
    files = nameless = 0
    for file, patient in patients:
        files += 1
        if patient:
            counts[patient] = counts.get(patient, 0) + 1
        else:
            nameless += 1
            if len(unknown) < _SHOWN:
                unknown.append(file)
    most = max(counts.values(), default=1)
    if given is None:
        if nameless:
            raise ValueError(
                f"Of {files:,} files {nameless:,} have names that tell no patient, or "
                f"several: {shown(unknown, nameless)}. {REMEDY}"
            )
        return ImagesOfAPatient(most)
    given = whole_number(given, "images_per_patient")
    if most > given:
        patient = max(counts, key=counts.__getitem__)
        raise ValueError(
            f"images_per_patient is {given}, but {patient} has {most} images. Give "
            f"{most} or more, or a table of patients (patients=, --patients FILE.csv)."
        )
    sentence = (
        f"That no patient has more than {given} image{'s' if given > 1 else ''}: the "
        "number was given, not counted."
    )
    return ImagesOfAPatient(given, (sentence,))


def assuming(statement: S, assumptions: Sequence[str]) -> S:
    """A privacy statement that says on what its number of images of a patient rests.

    Args:
        statement: with the attribute `not_promised`.
        assumptions: sentences, which that begins with.
    """
    if not assumptions:
        return statement
    said = (*assumptions, *statement.not_promised)
    return replace(statement, not_promised=said)


def read_patients(path: str | os.PathLike[str]) -> dict[str, str]:
    """Read a table of patients.

    Args:
        path: of a CSV in UTF-8, with the columns file and patient, separated by
            commas, semicolons or tabs.

    Returns:
        Patient by file, a name or a path with slashes; patients in the form of
        `tfrwc._common.names`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no such table, a file or patient is empty, or a file has
            two patients; the message names the line.
    """
    path = local_path(path, "patients")
    if not path.is_file():
        raise FileNotFoundError(f"There is no table of patients {path}.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        separator = max(",;\t", key=first.count)
        rows = list(csv.reader(io.StringIO(text), delimiter=separator, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f"{path} is no table of patients ({error}). Store it as CSV in UTF-8."
        ) from error
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if header.count("file") != 1 or header.count("patient") != 1:
        raise ValueError(
            f"{path} must have the columns file and patient, named in its first line. "
            f"Received: {', '.join(header) or 'an empty file'}."
        )
    columns = header.index("file"), header.index("patient")
    return _table(str(path), rows[1:], columns)


def _table(
    path: str, rows: Iterable[Sequence[str]], columns: tuple[int, int]
) -> dict[str, str]:
    table: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        file, patient = (
            row[column].strip() if column < len(row) else "" for column in columns
        )
        file, patient = _key(file), plain_name(patient)
        if not file or not patient:
            raise ValueError(
                f"{path}, line {line}, must have a file and its patient. Received: "
                f"{', '.join(row)}."
            )
        if table.setdefault(file, patient) != patient:
            raise ValueError(
                f"{path}, line {line}: {file} is of {patient}, but before of "
                f"{table[file]}. Leave one, or name the file with its folders."
            )
    return table


def _key(file: str) -> str:
    """A path of a table as paths are compared: with slashes, without ./ before it."""
    parts = PurePosixPath(file.replace("\\", "/")).parts
    return "/".join(part for part in parts if part != "/")


def patient_in(table: Mapping[str, str], path: str) -> str | None:
    """The patient of a file in a table of `read_patients`; None if it is not there.

    Args:
        table: which may name the file alone, or with some of its folders.
        path: of the file, with all its folders. The longest path that fits counts.
    """
    parts = PurePosixPath(path).parts
    for first in range(len(parts)):
        patient = table.get("/".join(parts[first:]))
        if patient is not None:
            return patient
    return None


def shown(files: Sequence[str], count: int | None = None) -> str:
    """Names of files for a message: all, or the first of many and how many more.

    Args:
        files: the names, or the first of them.
        count: of all; None if they are all there.
    """
    more = (len(files) if count is None else count) - len(files[:_SHOWN])
    return ", ".join(files[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")

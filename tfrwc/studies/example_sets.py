"""Image sets and tasks as Examples on disk, with what is known of them beside.

A set has the splits train and test; a task the split eval as well, its images held out.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfrwc._common.checks import whole_number
from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc.datasets import sources
from tfrwc.datasets.checks import checked_labels
from tfrwc.datasets.examples import read_split, write_split
from tfrwc.datasets.image_set import ImageSet, from_splits
from tfrwc.studies.dynamics.images import load_images
from tfrwc.studies.privacy import data
from tfrwc.studies.privacy.data import Split, Task
from tfrwc.studies.privacy.start import public_images

Folder = str | os.PathLike[str]
_ABOUT = "about.json"
_SPLITS = {"train": "train", "eval": "held_out", "test": "test"}


def write_image_set(images: ImageSet, uri: Folder) -> list[str]:
    """Write an `ImageSet`; returns the names of the splits."""
    train, test = (images.x_train, images.y_train), (images.x_test, images.y_test)
    for name, (x, y) in (("train", train), ("test", test)):
        write_split(uri, name, x, {"label": y})
    _write_about(uri, images.name, images.origin, images.class_names)
    return ["train", "test"]


def read_image_set(uri: Folder) -> ImageSet:
    """Read what `write_image_set` wrote.

    Raises:
        ValueError: if it is damaged, or is something else.
        OSError: if files are missing.
    """
    about = read_about(uri)
    train, test = (
        (columns["image"], _labels(columns))
        for columns in (read_split(uri, name) for name in ("train", "test"))
    )
    try:
        return from_splits(
            about["name"], about["origin"], train, test, about["classes"]
        )
    except ValueError as error:
        raise ValueError(f"{uri} holds no set of images: {error}") from error


def write_task(task: Task, uri: Folder) -> list[str]:
    """Write a `Task`; returns the names of the splits."""
    for name, attribute in _SPLITS.items():
        split = getattr(task, attribute)
        columns = {"label": split.y}
        if split.patients is not None:
            columns["patient"] = split.patients
        write_split(uri, name, split.x, columns)
    _write_about(
        uri,
        task.origin,
        task.origin,
        task.classes,
        images_per_patient=task.images_per_patient,
        assumptions=list(task.assumptions),
        may_be_shown=task.may_be_shown,
    )
    return list(_SPLITS)


def read_task(uri: Folder) -> Task:
    """Read what `write_task` wrote.

    Raises:
        ValueError: if it is damaged, or is something else.
        OSError: if files are missing.
    """
    about = read_about(uri, images_per_patient=int)
    classes = len(about["classes"])
    splits = {}
    for name, attribute in _SPLITS.items():
        columns = read_split(uri, name)
        x = columns["image"]
        try:
            y = checked_labels(_labels(columns), len(x), classes, "labels")
        except ValueError as error:
            raise ValueError(f"{uri} holds no task: {name}: {error}") from error
        splits[attribute] = Split(x, y, columns.get("patient"))
    if len({split.x.shape[1:] for split in splits.values()}) > 1:
        raise ValueError(f"{uri} holds no task: its splits differ in shape.")
    return Task(
        about["origin"],
        tuple(about["classes"]),
        images_per_patient=whole_number(
            about["images_per_patient"], f"images_per_patient in {uri}/{_ABOUT}"
        ),
        assumptions=tuple(_texts(about.get("assumptions", []), uri, "assumptions")),
        # Of those written before it was known, nothing is shown.
        may_be_shown=about.get("may_be_shown") is True,
        **splits,
    )


def read_about(uri: Folder, **more: type) -> dict[str, Any]:
    """What is known of Examples: name, origin and classes; of tasks, the greatest
    number of images of a patient.

    Args:
        uri: folder of the Examples.
        **more: what else must be known, and of which type.

    Raises:
        ValueError: if the file is damaged, or holds something else.
        OSError: if it is missing.
    """
    path = Path(uri) / _ABOUT
    types = {"name": str, "origin": str, "classes": list} | more
    about = read_object(path, "a description of examples", types)
    classes = _texts(about["classes"], uri, "classes")
    if len(classes) < 2:
        raise ValueError(
            f"{path} must name two or more classes. Received: {classes!r}. Have it "
            "written again."
        )
    return about


def _texts(values: Any, uri: Folder, name: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise ValueError(
            f"{Path(uri) / _ABOUT} must have a list of texts as {name}. Received: "
            f"{values!r}. Have it written again."
        )
    return values


def _labels(columns: dict[str, Any]) -> Any:
    return columns.get("label", ())


def _write_about(
    uri: Folder, name: str, origin: str, classes: Sequence[str], **more: Any
) -> None:
    about = {"name": name, "origin": origin, "classes": list(classes)} | more
    write_text(Path(uri) / _ABOUT, json.dumps(about, indent=1))


def identity(
    dataset: str,
    purpose: str,
    folder: str | None = None,
    patients: str | None = None,
) -> str:
    """A text that is another whenever what `generate` reads is.

    Args:
        dataset, purpose, folder, patients: as of `generate`, which raises the same.
    """
    if purpose == "two_classes":
        return data.identity(dataset, folder, patients)
    return sources.identity(dataset)


def generate(
    dataset: str,
    purpose: str,
    uri: Folder,
    folder: str | None = None,
    images: int | None = None,
    size: int = 0,
    patients: str | None = None,
    images_per_patient: int | None = None,
) -> list[str]:
    """Write a data set for a purpose; returns the names of the splits.

    Args:
        dataset: its name, or the path of a folder, see `tfrwc.datasets.load`.
        purpose: ``"classes"``, to tell all classes, see `tfrwc.datasets.load`;
            ``"two_classes"``, see `tfrwc.studies.privacy.data`; or ``"public"``, to
            start other networks from, see `tfrwc.studies.privacy.start`.
        uri: folder to write to.
        folder: with chest X-rays, for the data set "xrays".
        images: how many training images to take, for all classes; None for all.
        size: height and width of public images.
        patients, images_per_patient: of X-rays, see `tfrwc.studies.privacy.data.load`.

    Raises:
        ValueError: for another purpose, or if there is no such set.
    """
    options = {
        "folder": ("two_classes", folder),
        "images": ("classes", images),
        "size": ("public", size),
        "patients": ("two_classes", patients),
        "images_per_patient": ("two_classes", images_per_patient),
    }
    for name, (of_purpose, value) in options.items():
        if value and purpose != of_purpose:
            raise ValueError(
                f"A set for {purpose} takes no {name}. Received: {name}={value!r}."
            )
    if purpose == "two_classes":
        return write_task(data.load(dataset, folder, patients, images_per_patient), uri)
    if purpose == "public":
        return write_image_set(public_images(dataset, size), uri)
    if purpose == "classes":
        return write_image_set(load_images(dataset, images), uri)
    raise ValueError(
        "A data set is for classes, two_classes or public. "
        f"Received: purpose={purpose!r}."
    )

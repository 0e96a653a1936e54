"""Image sets and tasks as Examples on disk, with what is known of them beside.

A set has the splits train and test; a task the split eval as well, its images held out.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfrwc._common.files import write_text
from tfrwc._common.json_files import read_object
from tfrwc.datasets.examples import read_split, write_split
from tfrwc.datasets.image_set import ImageSet
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
    """Read what `write_image_set` wrote."""
    about = read_about(uri)
    train, test = (read_split(uri, name) for name in ("train", "test"))
    return ImageSet(
        about["name"],
        about["origin"],
        train["image"],
        train["label"],
        test["image"],
        test["label"],
        tuple(about["classes"]),
    )


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
    )
    return list(_SPLITS)


def read_task(uri: Folder) -> Task:
    """Read what `write_task` wrote."""
    about = read_about(uri)
    splits = {}
    for name, attribute in _SPLITS.items():
        columns = read_split(uri, name)
        splits[attribute] = Split(
            columns["image"], columns["label"], columns.get("patient")
        )
    return Task(
        about["origin"],
        tuple(about["classes"]),
        images_per_patient=about["images_per_patient"],
        **splits,
    )


def read_about(uri: Folder) -> dict[str, Any]:
    """What is known of Examples: name, origin and classes; of tasks, the greatest
    number of images of a patient."""
    types = {"name": str, "origin": str, "classes": list}
    return read_object(Path(uri) / _ABOUT, "a description of examples", types)


def _write_about(
    uri: Folder, name: str, origin: str, classes: Sequence[str], **more: Any
) -> None:
    about = {"name": name, "origin": origin, "classes": list(classes)} | more
    write_text(Path(uri) / _ABOUT, json.dumps(about, indent=1))


def generate(
    dataset: str,
    purpose: str,
    uri: Folder,
    folder: str | None = None,
    images: int | None = None,
    size: int = 0,
) -> list[str]:
    """Write a data set for a purpose; returns the names of the splits.

    Args:
        dataset: its name.
        purpose: ``"classes"``, to tell all classes, see `tfrwc.datasets.load`;
            ``"two_classes"``, see `tfrwc.studies.privacy.data`; or ``"public"``, to
            start other networks from, see `tfrwc.studies.privacy.start`.
        uri: folder to write to.
        folder: with chest X-rays, for the data set "xrays".
        images: how many training images to take, for all classes; None for all.
        size: height and width of public images.

    Raises:
        ValueError: for another purpose, or if there is no such set.
    """
    options = {"two_classes": "folder", "classes": "images", "public": "size"}
    for name, value in (("folder", folder), ("images", images), ("size", size)):
        if value and options.get(purpose) != name:
            raise ValueError(
                f"A set for {purpose} takes no {name}. Received: {name}={value!r}."
            )
    if purpose == "two_classes":
        return write_task(data.load(dataset, folder), uri)
    if purpose == "public":
        return write_image_set(public_images(dataset, size), uri)
    if purpose == "classes":
        return write_image_set(load_images(dataset, images), uri)
    raise ValueError(
        "A data set is for classes, two_classes or public. "
        f"Received: purpose={purpose!r}."
    )

"""Read folders of TFRecord files of `tf.train.Example`, whoever wrote them.

Files are those with ``tfrecord`` in their names, packed by GZIP or not. An example has
an image file as its feature ``image`` or ``image/encoded``, and its class, a whole
number or text, as ``label`` or ``image/class/label``; others are passed over.
"""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc.compat.extras import extra
from tfrwc.datasets.decode import decode
from tfrwc.datasets.files import data_files
from tfrwc.datasets.image_set import ImageSet, from_splits, hold_out, to_one_shape
from tfrwc.datasets.records import check_shards, read_records
from tfrwc.datasets.splits import part_of

_IMAGE, _LABEL = ("image", "image/encoded"), ("label", "image/class/label")
_REMEDY = (
    "Name files or folders by train and test, or all by neither: then a fifth of each "
    "class is held out."
)
_Rows = list[tuple[NDArray[np.uint8], int | str]]


def record_files(root: Path) -> list[Path]:
    """The TFRecord files below a folder, sorted; empty if it has none."""
    return [path for path in data_files(root) if "tfrecord" in path.name.lower()]


def read_record_folder(root: Path, size: int) -> ImageSet:
    """Read the images in the TFRecord files below a folder.

    Args:
        root: with files to train and to test on, by their names or those of folders,
            as those of `tfrwc.datasets.splits`. Without any to test on, those to
            validate on are taken; without either, a fifth of each class is held out.
        size: height and width to which the images are resized where they are not all
            of one size.

    Raises:
        ValueError: if it cannot be told what a file is for, one is damaged, missing or
            holds something else, or a class is only tested on.
        OSError: if a file cannot be read.
    """
    origin = f"folder {root.name}"
    parts = _parts(root)
    tested = next((part for part in ("test", "val") if part in parts), None)
    if tested is None:
        [rows] = parts.values()
        classes = sorted({label for _, label in rows}, key=_order)
        [(x, y)] = to_one_shape([_split(rows, classes)], size)
        return hold_out(root.name, origin, x, y, tuple(map(str, classes)))
    if tested == "test" and "val" in parts:
        origin += ", without val"
    train, test = parts["train"], parts[tested]
    classes = sorted({label for _, label in train}, key=_order)
    if unknown := {label for _, label in test}.difference(classes):
        raise ValueError(
            f"{root} has examples to test on of the classes "
            f"{', '.join(map(str, sorted(unknown, key=_order)))}, and none to train on."
        )
    pair = to_one_shape([_split(rows, classes) for rows in (train, test)], size)
    return from_splits(root.name, origin, *pair, tuple(map(str, classes)))


def _parts(root: Path) -> dict[str | None, _Rows]:
    """Images and classes by part of the set; by None where no name tells a part."""
    files = record_files(root)
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault(re.sub(r"\d{5}-of-", "", str(path)), []).append(path)
    for group in groups.values():
        check_shards(group)
    rows: dict[str | None, _Rows] = {}
    for path in files:
        names = path.relative_to(root).parts
        found = sorted({part for name in names if (part := part_of(name))})
        if len(found) > 1:
            raise ValueError(f"{path} is named by {' and '.join(found)}. {_REMEDY}")
        rows.setdefault(found[0] if found else None, []).extend(_read(path))
    if len(rows) > 1 and (None in rows or "train" not in rows):
        raise ValueError(
            f"{root} holds TFRecord files of which some are named as parts of a set, "
            f"and others are not, or none is to train on. {_REMEDY}"
        )
    return rows


def _read(path: Path) -> _Rows:
    rows: _Rows = []
    try:
        for record in read_records(path, packed=None):
            rows.append(_row(record))
    except ValueError as error:
        raise ValueError(
            f"{path}: {error} (record {len(rows)}). Have it written again, with an "
            f"image file as {' or '.join(_IMAGE)} and its class as "
            f"{' or '.join(_LABEL)}."
        ) from error
    return rows


def _row(record: bytes) -> tuple[NDArray[np.uint8], int | str]:
    with extra("tensorflow"):
        import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        raise ValueError("a record is no example") from error
    image, label = _value(features, _IMAGE), _value(features, _LABEL)
    if not isinstance(image, bytes):
        raise ValueError("an image is no file of bytes")
    if isinstance(label, bytes):
        label = label.decode("utf-8")
    if not isinstance(label, (int, str)):
        raise ValueError("a class is neither a whole number nor text")
    return decode(io.BytesIO(image)), label


def _value(features: Any, names: tuple[str, ...]) -> Any:
    """The one value of the one feature that has one of these names."""
    found = [features[name] for name in names if name in features]
    values = [
        value
        for feature in found
        if (kind := feature.WhichOneof("kind"))
        for value in getattr(feature, kind).value
    ]
    if len(values) != 1:
        raise ValueError(f"{' and '.join(names)} have {len(values)} values, not one")
    return values[0]


def _split(
    rows: _Rows, classes: list[int | str]
) -> tuple[list[NDArray[np.uint8]], list[int]]:
    indices = {label: index for index, label in enumerate(classes)}
    return [image for image, _ in rows], [indices[label] for _, label in rows]


def _order(label: int | str) -> tuple[bool, int | str]:
    return isinstance(label, str), label

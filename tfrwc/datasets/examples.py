"""Images on disk as TFX has them: GZIP TFRecord files of `tf.train.Example`.

A split is a folder ``Split-<name>``. The feature ``image`` of an example is a PNG; its
other features are columns of numbers or text, such as ``label``.
"""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc.compat.extras import extra
from tfrwc.datasets.decode import decode
from tfrwc.datasets.files import is_data
from tfrwc.datasets.records import check_shards, read_records

_FILE = "data_tfrecord-00000-of-00001.gz"


def write_split(
    uri: str | os.PathLike[str],
    split: str,
    images: ArrayLike,
    columns: Mapping[str, ArrayLike],
) -> None:
    """Write images and what belongs to each.

    Args:
        uri: folder of the Examples.
        split: name of the split, such as ``"train"``.
        images: uint8 (n, height, width, 1 or 3).
        columns: arrays (n,) of whole numbers, real numbers or text, by name.

    Raises:
        ValueError: if images are of another type or shape, or a column of another
            length.
    """
    with extra("tensorflow"):
        import tensorflow as tf

    pixels = np.asarray(images)
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[-1] not in (1, 3):
        raise ValueError(
            "Examples hold images of type uint8 and shape (n, height, width, 1 or 3). "
            f"Received: {pixels.dtype}, {pixels.shape}."
        )
    arrays = {name: np.asarray(values) for name, values in columns.items()}
    for name, values in arrays.items():
        if values.shape != (len(pixels),):
            raise ValueError(
                f"The column {name!r} needs a value for each of {len(pixels)} images. "
                f"Received an array of shape {values.shape}."
            )
    folder = _folder(uri, split)
    folder.mkdir(parents=True, exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / _FILE), "GZIP") as writer:
        for i, image in enumerate(pixels):
            features = {"image": _feature(_png(image))}
            features |= {
                name: _feature(values[i].item()) for name, values in arrays.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def read_split(uri: str | os.PathLike[str], split: str) -> dict[str, NDArray[Any]]:
    """Read what `write_split` wrote.

    Args:
        uri: folder of the Examples.
        split: name of the split.

    Returns:
        Arrays by name: image, uint8 (n, height, width, channels), and the columns (n,),
        int64, float32 or text.

    Raises:
        FileNotFoundError: if there is no such split.
        ValueError: if its files are damaged, or hold something else.
    """
    files = [
        path for path in sorted(_folder(uri, split).glob("*.gz")) if is_data(path.name)
    ]
    if not files:
        raise FileNotFoundError(f"{uri} has no split {split!r}.")
    check_shards(files)
    rows: list[dict[str, Any]] = []
    for file in files:
        try:
            rows += map(_row, read_records(file))
            _check_alike(rows)
        except ValueError as error:
            raise ValueError(
                f"{file} does not hold the examples that were written ({error}). "
                "Restore it, or have it written again."
            ) from error
    if not rows:
        raise ValueError(f"The split {split!r} in {uri} has no examples.")
    return {name: _column([row[name] for row in rows]) for name in rows[0]}


def _row(record: bytes) -> dict[str, Any]:
    """The features of an example by name; the image as pixels."""
    with extra("tensorflow"):
        import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        features = tf.train.Example.FromString(record).features.feature
    except DecodeError as error:
        raise ValueError("a record is no example") from error
    row = {name: _value(name, feature) for name, feature in features.items()}
    if not isinstance(row.get("image"), bytes):
        raise ValueError("an example has no image")
    return row | {"image": _pixels(row["image"])}


def _check_alike(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return

    def kinds(row: dict[str, Any]) -> dict[str, Any]:
        return {name: type(value) for name, value in row.items()} | {
            "image": row["image"].shape
        }

    expected = kinds(rows[0])
    for i, row in enumerate(rows):
        if kinds(row) != expected:
            raise ValueError(f"example {i} has other features than the first")


def _column(values: list[Any]) -> NDArray[Any]:
    if isinstance(values[0], np.ndarray):
        return np.stack(values)
    return np.array(values)


def _folder(uri: str | os.PathLike[str], split: str) -> Path:
    return Path(uri) / f"Split-{split}"


def _png(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(
        buffer, "png", compress_level=1
    )
    return buffer.getvalue()


def _pixels(png: bytes) -> NDArray[np.uint8]:
    pixels = decode(io.BytesIO(png))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _feature(value: bytes | str | int | float) -> Any:
    with extra("tensorflow"):
        import tensorflow as tf

    if isinstance(value, bytes):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
    if isinstance(value, str):
        return _feature(value.encode())
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def _value(name: str, feature: Any) -> Any:
    kind = feature.WhichOneof("kind")
    values = [] if kind is None else getattr(feature, kind).value
    if len(values) != 1:
        raise ValueError(f"{name!r} has {len(values)} values, not one")
    [value] = values
    if kind == "float_list":
        return np.float32(value)
    if isinstance(value, bytes) and name != "image":
        return value.decode("utf-8")
    return value

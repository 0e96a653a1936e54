"""The door for weights files: whole, and of Keras 3, or refused with a reason.

A ``.keras`` file is a zip archive, whose checksums tell every changed byte. A
``.weights.h5`` file has no checksums: what its structure says is held against itself
and against the file's size, but a number that has changed within a tensor's data is
a number like any other.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from math import ceil, prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tfrwc._common.json_files import check_object, parse_json
from tfrwc._common.keras_archive import CONFIG, check_parts

# What zipfile, h5py and Keras raise for damaged files. No list of theirs says so: these
# are the kinds that they were seen to raise.
DAMAGE = (
    *(OSError, ValueError, KeyError, IndexError, TypeError, AttributeError),
    *(RuntimeError, MemoryError, OverflowError, EOFError),
    *(zipfile.BadZipFile, zlib.error, struct.error),
)
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_MOST_IN_ATTRIBUTE = 100_000  # numbers or letters; Keras writes names
_MOST_EXPANSION = 1100  # of compressed data, which is as far as zlib goes


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """What is raised in this block says which file is damaged.

    Raises:
        ValueError: for whatever libraries raise when they read a damaged file.
    """
    try:
        yield
    except DAMAGE as error:
        if isinstance(error, ValueError) and str(path) in str(error):
            raise
        why = str(error) or type(error).__name__
        raise ValueError(
            f"{path} is not a readable weights file of Keras 3 ({why}). Leave it out, "
            "or save it again."
        ) from error


def check_kind(path: Path) -> None:
    """Check that a file begins as its name says.

    Raises:
        ValueError: if it is of another kind; the message says of which.
        OSError: if it cannot be read.
    """
    archive = path.name.endswith(".keras")
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise ValueError("it is empty")
    if archive and start == _HDF5:
        raise ValueError(
            "it is an HDF5 file under another name: weights end in .weights.h5, and a "
            "model of Keras 2 in .h5, by which name keras.models.load_model reads it"
        )
    if not archive and start.startswith(_ZIP):
        raise ValueError(
            "it is a zip archive under another name: a model of Keras 3 ends in .keras"
        )
    shard = path.name.removesuffix(".weights.h5").rpartition("_")
    index = path.with_name(f"{shard[0]}.weights.json")
    if shard[2].isdigit() and index.is_file():
        raise ValueError(
            f"it is a part of the weights that {index.name} lists. Load these into the "
            "model, and save them whole: model.save_weights without max_shard_size"
        )


def check_archive(archive: zipfile.ZipFile) -> dict[str, Any]:
    """Check all parts of a ``.keras`` file against their checksums.

    Returns:
        The configuration of the model.

    Raises:
        ValueError: if a part is damaged or missing, or no such configuration.
    """
    check_parts(archive)
    config = parse_json(archive.read(CONFIG))
    check_object(config, {"class_name": str, "config": dict})
    return dict(config)


def check_tensors(file: h5py.File, size: int) -> None:
    """Check that the structure of an HDF5 file is one that Keras writes.

    Args:
        file: open for reading.
        size: of the file, in bytes.

    Raises:
        ValueError: if something leads out of the file, lies over something else, or is
            of no type that weights have.
    """
    if "layer_names" in file.attrs or "model_weights" in file:
        raise ValueError(
            "it is in the format of Keras 2. Load it under a name that ends in .h5, "
            "and save it again"
        )
    extents = []
    for path, item in _objects(file):
        _check_attributes(path, item)
        if isinstance(item, h5py.Dataset):
            extents += _extent(path, item, size)
    for (_, end, path), (start, _, other) in pairwise(sorted(extents)):
        if start < end:
            raise ValueError(f"{path} and {other} lie over each other in it")


def quantised(file: h5py.File) -> str:
    """A sentence for weights that `keras.Model.quantize` has changed; else empty."""
    for path, item in _objects(file):
        own = isinstance(item, h5py.Dataset) and not path.startswith("optimizer/")
        # Tables of indices are of larger whole numbers.
        if own and len(item.shape) > 1 and item.dtype in (np.int8, np.uint8):
            return (
                f" {path} is quantised to {item.dtype}, and such weights are not "
                "trained: give checkpoints from before model.quantize."
            )
    return ""


def _objects(file: h5py.File) -> Iterator[tuple[str, Any]]:
    """All groups and data sets but the root, with their paths."""
    stack, seen = [("", file)], {_address(file)}
    while stack:
        path, group = stack.pop()
        for name in group:
            name.encode()  # a name that is no text cannot be shown either
            inner = f"{path}{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{inner} is a link to something else")
            item = group[name]
            if _address(item) in seen:
                raise ValueError(f"{inner} is in it twice")
            seen.add(_address(item))
            if not isinstance(item, (h5py.Group, h5py.Dataset)):
                raise ValueError(f"{inner} is neither a group nor data")
            yield inner, item
            if isinstance(item, h5py.Group):
                stack.append((f"{inner}/", item))


def _address(item: Any) -> int:
    return int(h5py.h5o.get_info(item.id).addr)


def _check_attributes(path: str, item: Any) -> None:
    for name in item.attrs:
        attribute = item.attrs.get_id(name)
        if prod(attribute.shape or (0,)) > _MOST_IN_ATTRIBUTE:
            raise ValueError(f"the attribute {name!r} of {path} has {attribute.shape}")
        value = item.attrs[name]
        if name in ("name", "dtype") and not isinstance(value, str):
            raise ValueError(f"the attribute {name!r} of {path} is no text")


def _extent(path: str, data: h5py.Dataset, size: int) -> list[tuple[int, int, str]]:
    """Where the data of a tensor lie, from and to, unless they are in its header."""
    if data.external or data.is_virtual or data.shape is None:
        raise ValueError(f"the data of {path} are not in it")
    _check_type(path, data)
    length = prod(data.shape) * data.dtype.itemsize
    stored = data.id.get_storage_size()
    layout = data.id.get_create_plist().get_layout()
    if layout == h5py.h5d.CHUNKED:
        chunks = prod(ceil(n / c) for n, c in zip(data.shape, data.chunks, strict=True))
        whole = data.id.get_num_chunks() == chunks
        if not whole or stored > size or length > _MOST_EXPANSION * max(stored, 64):
            raise ValueError(f"{path} of shape {data.shape} has not all of its data")
        return []
    if stored != length or stored > size:
        raise ValueError(
            f"{path} of shape {data.shape} has {stored} bytes of data, not {length}"
        )
    if layout != h5py.h5d.CONTIGUOUS or not length:
        return []
    start = data.id.get_offset()
    if start is None or start + length > size:
        raise ValueError(f"the data of {path} lie beyond the end of it")
    return [(start, start + length, path)]


def _check_type(path: str, data: h5py.Dataset) -> None:
    """Check that numbers are as Keras stores them, to the bit."""
    kind, named = data.id.get_type(), data.attrs.get("dtype")
    if isinstance(kind, h5py.h5t.TypeOpaqueID):
        sound = isinstance(named, str) and data.dtype.itemsize <= 2
    else:
        # A type of another byte order or exponent is read, but as other numbers.
        sound = data.dtype.kind in "fiub" and data.dtype.str[0] in "<|"
        sound = sound and kind.equal(h5py.h5t.py_create(data.dtype, logical=True))
    if named == "bfloat16" and data.dtype.itemsize != 2:
        sound = False
    if not sound:
        raise ValueError(f"{path} holds {data.dtype}, no numbers as Keras stores them")

"""The one door for .npz files, whoever wrote them.

NumPy's own reader trusts a file: it takes the last of two arrays of one name, makes
room for whatever a header says, and passes on what zipfile, zlib and its parser raise.
"""

import math
import os
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

# Whole numbers, real numbers, true and false, and text; not objects, which are code.
_KINDS = "biufSU"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Black images shrink a hundredfold or so; more is a bomb, if it is large as well.
_LARGE, _SHRUNK = 2**30, 500
_BLOCK = 2**20
_DAMAGE = (
    *(OSError, ValueError, EOFError, LookupError, RuntimeError, OverflowError),
    *(zipfile.BadZipFile, zlib.error, struct.error, MemoryError),
)
_NO_HEADER = (*_DAMAGE, SyntaxError, TypeError, tokenize.TokenError, AttributeError)


class ArchiveError(ValueError):
    """A file that is no .npz archive, or a damaged one, or lacks an array."""


def read_npz(
    path: str | os.PathLike[str], names: Iterable[str] | None = None
) -> Arrays:
    """Read arrays of an .npz file, after a check of all that it says of itself.

    Args:
        path: of the file.
        names: of the arrays; None for all.

    Returns:
        Arrays by name, of numbers, of true and false, or of text.

    Raises:
        ArchiveError: if the file is not there, not whole, or not what `numpy.savez`
            writes; if it lacks one of the arrays or has two of one name; or if it
            would unpack to a size out of all proportion. The message names the file.
    """
    path = Path(path)
    if not path.is_file():
        raise ArchiveError(f"{path} is no file. Give the path of an .npz file.")
    try:
        with zipfile.ZipFile(path) as file:
            members = _members(file)
            wanted = list(members if names is None else names)
            missing = [name for name in wanted if name not in members]
            if missing:
                raise ValueError(
                    f"it has no array {', '.join(missing)}; it has "
                    f"{', '.join(sorted(members)) or 'none'}"
                )
            return {name: _array(file, members[name]) for name in wanted}
    except _DAMAGE as error:
        reason = str(error) or type(error).__name__
        raise ArchiveError(f"{path} is no whole .npz file: {reason}.") from error


def _members(file: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files in an archive by the names of their arrays."""
    members: dict[str, zipfile.ZipInfo] = {}
    for member in file.infolist():
        name = member.filename.removesuffix(".npy")
        if name in members:
            raise ValueError(f"it has two arrays {name!r}")
        if member.compress_type not in _COMPRESSIONS:
            raise ValueError(f"{name!r} is compressed as NumPy never does")
        members[name] = member
    size = sum(member.file_size for member in members.values())
    packed = os.fstat(file.fp.fileno()).st_size  # type: ignore[union-attr]
    if size > _LARGE and size > _SHRUNK * packed:
        raise ValueError(
            f"its {packed} bytes would unpack to {size}, as those of a zip bomb do"
        )
    return members


def _array(file: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with file.open(member) as data:
        shape, column_major, dtype = _header(data, member.filename)
        size = math.prod(shape) * dtype.itemsize
        rest = member.file_size - data.tell()
        if size != rest:
            raise ValueError(
                f"{member.filename} should have {size} bytes for {dtype} of shape "
                f"{shape}, and has {rest}"
            )
        values = np.empty(size, np.uint8)
        _fill(memoryview(values), data, member.filename)
    order = "F" if column_major else "C"
    return values.view(dtype).reshape(shape, order=order)  # type: ignore[call-overload, no-any-return]


def _header(data: IO[bytes], name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that Python 2 wrote
            read = _HEADERS[np.lib.format.read_magic(data)]
            shape, column_major, dtype = read(data)
    except _NO_HEADER as error:
        raise ValueError(f"{name} is no array as NumPy writes it ({error})") from error
    if dtype.kind not in _KINDS or dtype.itemsize == 0:
        raise ValueError(
            f"{name} has values of type {dtype}; only numbers and text are read"
        )
    if any(type(length) is not int or length < 0 for length in shape):
        raise ValueError(f"{name} has the shape {shape}")
    return shape, column_major, dtype


def _fill(view: memoryview, data: IO[bytes], name: str) -> None:
    """Read to the end, where zipfile compares the checksum."""
    start = 0
    while start < len(view):
        block = data.read(min(_BLOCK, len(view) - start))
        if not block:
            raise ValueError(f"{name} ends too early")
        view[start : start + len(block)] = block
        start += len(block)
    if data.read(1):
        raise ValueError(f"{name} is longer than it says")

"""Global heaps of an HDF5 file, where the texts of attributes are.

The HDF5 library goes through the objects of a heap by their sizes, and never ends where
one says that it has none. So their sizes are read here before the library does:

    "GCOL", version 1, three zeros, size of the heap (8 bytes), then objects, each with
    number (2), references (2), zeros (4), size (8), and its bytes, filled up to eights

Object 0 is the space that is left; its size counts its own head, too. (HDF5 File Format
Specification 3.0, III.E.)
"""

from collections.abc import Iterator
from typing import IO

_START = b"GCOL\x01\0\0\0"
_HEAD = 16
_BLOCK = 1 << 20


def check_heaps(file: IO[bytes], size: int) -> None:
    """Check all global heaps of an HDF5 file.

    Args:
        file: open for reading; left anywhere.
        size: of the file, in bytes.

    Raises:
        ValueError: if the objects of one do not fill it.
        OSError: if the file cannot be read.
    """
    for start in list(_starts(file)):
        file.seek(start + len(_START))
        length = _number(file.read(8))
        if not _HEAD <= length <= size - start:
            raise ValueError(f"the heap at byte {start} is longer than the file")
        file.seek(start)
        _check_objects(file.read(length), start)


def _check_objects(heap: bytes, start: int) -> None:
    at = _HEAD
    while len(heap) - at >= _HEAD:
        length = _number(heap[at + 8 : at + _HEAD])
        if any(heap[at : at + 2]):
            length = _HEAD + (length + 7) // 8 * 8
        if not _HEAD <= length <= len(heap) - at:
            raise ValueError(f"an object of the heap at byte {start} has no such size")
        at += length


def _starts(file: IO[bytes]) -> Iterator[int]:
    """Places where a heap begins, or what looks like one."""
    file.seek(0)
    read, rest = 0, b""
    while block := file.read(_BLOCK):
        text = rest + block
        at = text.find(_START)
        while at >= 0:
            yield read - len(rest) + at
            at = text.find(_START, at + 1)
        read += len(block)
        rest = text[-len(_START) + 1 :]


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")

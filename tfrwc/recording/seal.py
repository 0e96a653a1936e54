"""A seal on a Parquet file: a hash of all its bytes, checked before they are read.

Parquet's own checksums cover its pages, not the footer that says where they lie. The
seal stands between the last page and the footer, where readers do not look::

    pages | seal: its name, SHA-256 of all other bytes | footer | its length | PAR1
"""

import hashlib
from typing import IO

_NAME = b"tfrwcSHA"
_SIZE = len(_NAME) + hashlib.sha256().digest_size
_TAIL = 8  # the length of the footer, and Parquet's own mark
_BLOCK = 1 << 20


def write_sealed(file: IO[bytes], parquet: memoryview) -> None:
    """Write the bytes of a Parquet file with a seal.

    Args:
        file: to write to.
        parquet: all bytes of the file without a seal.

    Raises:
        OSError: if they cannot be written.
    """
    footer = len(parquet) - _TAIL - _footer_length(bytes(parquet[-_TAIL:]))
    file.write(parquet[:footer])
    file.write(_NAME + hashlib.sha256(parquet).digest())
    file.write(parquet[footer:])


def is_sealed(file: IO[bytes]) -> bool:
    """Check the seal of a Parquet file, and go back to its start.

    Args:
        file: open for reading.

    Returns:
        True if it has a seal, and all is as it was when that was made; False if there
        is none, as before seals were.

    Raises:
        ValueError: if a byte is another one.
        OSError: if the file cannot be read.
    """
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    start = size - _TAIL - _footer_length(file.read(_TAIL)) - _SIZE
    seal = b""
    if start >= 0:
        file.seek(start)
        seal = file.read(_SIZE)
    file.seek(0)
    if not seal.startswith(_NAME):
        return False
    total = hashlib.sha256()
    for length in (start, size - start - _SIZE):
        while length:
            block = file.read(min(length, _BLOCK))
            if not block:
                raise ValueError("it was cut while it was read")
            total.update(block)
            length -= len(block)
        file.seek(start + _SIZE)
    file.seek(0)
    if total.digest() != seal[len(_NAME) :]:
        raise ValueError("its bytes are not those that were written")
    return True


def _footer_length(tail: bytes) -> int:
    return int.from_bytes(tail[:4], "little")

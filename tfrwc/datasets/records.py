"""GZIP TFRecord files: the one door for them.

TensorFlow's own reader takes a file that was cut off between two records for a whole
one, and makes room for whatever length a record says it has.
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tfrwc.compat.extras import extra

_LENGTH, _CHECKSUM = 8, 4
_BLOCK = 2**20
# Of a file; images as PNG hardly shrink, so that more is a bomb if it is large as well.
_LARGE, _SHRUNK = 2**30, 500


def read_records(path: Path) -> list[bytes]:
    """All records of a file.

    Raises:
        ValueError: if it is no whole GZIP file of whole records, or would unpack to a
            size out of all proportion.
    """
    if not path.is_file():
        raise ValueError("it is no file")
    try:
        with gzip.open(path) as file:
            lengths = list(_lengths(file, path.stat().st_size))
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"it is no whole GZIP file: {error}") from error
    return _records(path, len(lengths))


def _lengths(file: IO[bytes], packed: int) -> Iterator[int]:
    """Lengths of the records, none of which goes beyond the end of the file."""
    size = 0
    while header := _read(file, _LENGTH + _CHECKSUM):
        length = int.from_bytes(header[:_LENGTH], "little")
        rest = length + _CHECKSUM
        size += len(header) + rest
        if size > max(_LARGE, _SHRUNK * packed):
            raise ValueError(f"its {packed} bytes unpack to more than {_LARGE}")
        while rest:
            block = file.read(min(rest, _BLOCK))
            if not block:
                raise EOFError("a record is cut off")
            rest -= len(block)
        yield length


def _read(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if 0 < len(data) < size:
        raise EOFError("a record is cut off")
    return data


def _records(path: Path, count: int) -> list[bytes]:
    with extra("tensorflow"):
        import tensorflow as tf

    try:
        data = tf.data.TFRecordDataset([str(path)], "GZIP")
        records = list(data.as_numpy_iterator())
    except tf.errors.OpError as error:
        raise ValueError(f"its checksums are not right: {error.message}") from error
    if len(records) != count:
        raise ValueError(f"it holds {count} records, of which {len(records)} are read")
    return records

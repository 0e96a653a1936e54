"""GZIP TFRecord files: the one door for them.

TensorFlow's own reader takes a file that was cut off between two records, or that is
there twice, for a whole one, and makes room for whatever length a record says it has.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path

_LENGTH, _CHECKSUM = 8, 4
_GZIP = 31  # for zlib: with the header and the checksum of GZIP
# Images as PNG hardly shrink: more is a bomb, if it is large as well.
_LARGE, _SHRUNK = 2**30, 500


def read_records(path: Path) -> list[bytes]:
    """All records of a file.

    The checksum of GZIP, over the whole file, is compared; those of single records,
    which it covers, are passed over.

    Raises:
        ValueError: if it is no whole GZIP file of whole records, or would unpack to a
            size out of all proportion.
    """
    if not path.is_file():
        raise ValueError("it is no file")
    try:
        packed = path.read_bytes()
        reader = zlib.decompressobj(_GZIP)
        data = reader.decompress(packed, max(_LARGE, _SHRUNK * len(packed)))
    except (OSError, zlib.error) as error:
        raise ValueError(f"it is no GZIP file: {error}") from error
    if reader.unconsumed_tail:
        raise ValueError(f"its {len(packed)} bytes unpack to more than {len(data)}")
    if not reader.eof:
        raise ValueError("it is cut off")
    if reader.unused_data:
        raise ValueError(f"{len(reader.unused_data)} bytes follow its end")
    return list(_records(data))


def _records(data: bytes) -> Iterator[bytes]:
    """Records, each between its length and a checksum."""
    start = 0
    while start < len(data):
        first = start + _LENGTH + _CHECKSUM
        end = first + int.from_bytes(data[start : start + _LENGTH], "little")
        if end + _CHECKSUM > len(data):
            raise ValueError("a record is cut off")
        yield data[first:end]
        start = end + _CHECKSUM

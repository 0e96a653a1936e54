"""TFRecord files: the one door for them.

TensorFlow's own reader takes a file that was cut off between two records, or that is
there twice, for a whole one, and makes room for whatever length a record says it has.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from tfrwc.compat.extras import extra

_SHARD = re.compile(r"-of-(\d{5})\b")
_MAGIC = b"\x1f\x8b"
_LENGTH, _CHECKSUM = 8, 4
_GZIP = 31  # for zlib: with the header and the checksum of GZIP
# Images as PNG hardly shrink: more is a bomb, if it is large as well.
_LARGE, _SHRUNK = 2**30, 500


def read_records(path: Path, packed: bool | None = True) -> list[bytes]:
    """All records of a file.

    The checksum of GZIP, over the whole file, is compared; those of single records,
    which it covers, are passed over there.

    Args:
        path: of the file.
        packed: whether it is packed by GZIP; None where its first bytes tell. Nothing
            tells of a file that is not whether records at its end are missing.

    Raises:
        ValueError: if it is no whole file of whole records, or would unpack to a size
            out of all proportion.
    """
    if not path.is_file():
        raise ValueError("it is no file")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ValueError(f"it cannot be read: {error}") from error
    if packed or (packed is None and data[: len(_MAGIC)] == _MAGIC):
        return list(_records(_unpacked(data)))
    records = list(_records(data))  # before TensorFlow makes room for them
    _check_checksums(path)
    return records


def check_shards(files: Sequence[Path]) -> None:
    """Check that none of several files is missing, where their names tell.

    Raises:
        ValueError: if one is.
    """
    counts = [int(m.group(1)) for f in files if (m := _SHARD.search(f.name))]
    if counts and set(counts) != {len(files)}:
        raise ValueError(
            f"{files[0].parent} should hold {max(counts)} files, as their names tell, "
            f"and holds {len(files)}. Restore them, or have them written again."
        )


def _unpacked(packed: bytes) -> bytes:
    try:
        reader = zlib.decompressobj(_GZIP)
        data = reader.decompress(packed, max(_LARGE, _SHRUNK * len(packed)))
    except zlib.error as error:
        raise ValueError(f"it is no GZIP file: {error}") from error
    if reader.unconsumed_tail:
        raise ValueError(f"its {len(packed)} bytes unpack to more than {len(data)}")
    if not reader.eof:
        raise ValueError("it is cut off")
    if reader.unused_data:
        raise ValueError(f"{len(reader.unused_data)} bytes follow its end")
    return data


def _check_checksums(path: Path) -> None:
    """Check those of single records, by TensorFlow."""
    with extra("tensorflow"):
        import tensorflow as tf

    try:
        for _ in tf.data.TFRecordDataset(str(path)):
            pass
    except tf.errors.DataLossError as error:
        raise ValueError("a record is other than its checksum says") from error


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

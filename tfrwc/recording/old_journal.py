"""Journals of before they had checksums: Arrow streams of one batch per record.

Arrow's reader crashes the process on some damaged streams. So it is given none: the
numbers are taken from where Arrow puts them, the record is written by Arrow again,
and must be the same bytes. Damage of the numbers themselves cannot be noticed.
"""

import json
import struct
import warnings
from pathlib import Path

import numpy as np
import pyarrow as pa

from tfrwc.recording.journal import DamagedJournalError, as_record
from tfrwc.recording.records import Record

_SCHEMA = pa.schema(
    [
        ("step", pa.int64()),
        ("epoch", pa.int32()),
        ("logs", pa.string()),
        ("values", pa.binary()),
        ("flags", pa.binary()),
    ]
)
_Row = tuple[int, int, bytes, bytes, bytes]  # a record as it is in the stream
_OLD = b"\xff\xff\xff\xff"
_LONGEST = 1 << 28  # bytes of one part of a record


def is_old_journal(data: bytes) -> bool:
    """Whether a file begins as a journal of this kind."""
    return bool(data) and _OLD.startswith(data[: len(_OLD)])


def parse_old_journal(data: bytes, path: Path, measures: int) -> list[Record]:
    """The whole records in such a journal.

    Args:
        data: contents of its file.
        path: of the journal, for messages.
        measures: how many measures a record has.

    Raises:
        DamagedJournalError: if it is damaged, or of another Arrow.

    Warns:
        UserWarning: that damage of the numbers would not be noticed.
    """
    begin = _SCHEMA.serialize().to_pybytes()
    records: list[Record] = []
    if not begin.startswith(data[: len(begin)]):
        raise DamagedJournalError(path, 0, "it does not begin as a journal", records)
    facts = len(_message((0, 0, b"", b"", b""))) - _body_size(0, 0, 0)
    start = len(begin)
    while start < len(data):
        row, missing = _row(data[start + facts :])
        if row is None:
            break
        message = _message(row)
        if missing and data[start : start + facts] == message[:facts]:
            break
        try:
            if data[start : start + len(message)] != message:
                raise ValueError("its bytes are not those of a record")
            known = {"step": row[0], "epoch": row[1], "logs": json.loads(row[2])}
            values = np.frombuffer(row[3], "<f4")
            if len(values) != len(row[4]) or len(values) % measures:
                raise ValueError(f"{len(values)} values of {measures} measures")
            records.append(as_record(known, values, row[4], measures))
        except (ValueError, TypeError, KeyError) as error:
            raise DamagedJournalError(path, start, str(error), records) from error
        start += len(message)
    if records:
        warnings.warn(
            f"{path} is of an earlier version, which wrote no checksums: of its "
            f"{len(records)} records it is only known that their form is right.",
            stacklevel=4,
        )
    return records


def _row(body: bytes) -> tuple[_Row | None, int]:
    """The record in the body of a message, and how many bytes of it are missing.

    Those are 0 in the record; it is None if not even its lengths are all there.
    """
    try:
        step, epoch = struct.unpack_from("<qi", body)
        at, parts = 16, []
        for _ in range(3):
            first, length = struct.unpack_from("<ii", body, at)
            if first or not 0 <= length < _LONGEST:
                return (step, epoch, b"", b"", b""), 0  # no record writes that
            parts.append(body[at + 8 : at + 8 + length].ljust(length, b"\0"))
            at += 8 + _padded(length)
    except struct.error:
        return None, 0
    return (step, epoch, *parts), max(at - len(body), 0)  # type: ignore[return-value]


def _message(row: _Row) -> bytes:
    step, epoch, logs, values, flags = row
    text = pa.array([logs], pa.binary()).view(pa.string())
    arrays = [pa.array([step], pa.int64()), pa.array([epoch], pa.int32()), text]
    arrays += [pa.array([part], pa.binary()) for part in (values, flags)]
    batch = pa.record_batch(arrays, schema=_SCHEMA)
    return bytes(batch.serialize().to_pybytes())


def _body_size(*lengths: int) -> int:
    return 16 + sum(8 + _padded(length) for length in lengths)


def _padded(length: int) -> int:
    return -(-length // 8) * 8

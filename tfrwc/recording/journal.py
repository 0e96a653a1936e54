"""Records of a running epoch on disk, one by one.

A recording's own file is written anew at each epoch's end. With records at steps,
those since then stand in a journal beside it, which is whole up to the last of them
whenever the process is killed. It begins with a header,

    magic (8 bytes), `Origin` of the file that it continues (16 + 8), how many records
    that file holds (8), CRC32 of all this (4)

and each record is

    length of its payload (4), CRC32 of the payload (4), CRC32 of these 8 bytes,
    continued from the checksum before it (4), payload

So a record that is damaged, missing or in another place is noticed before anything of
it is used. A journal that ends within a record was cut off there by a kill.

A record is handed to the operating system at once, which a kill does not undo; only
the recording's own file is also forced to the disk. A loss of power may cost the
records of the running epoch.
"""

import contextlib
import json
import os
import struct
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from tfrwc.recording.records import Flag, Origin, Record

_MAGIC = b"\x93RWCJ1\r\n"
_HEADER = struct.Struct("<8s16sQQ")
_RECORD = struct.Struct("<II")
_CRC = struct.Struct("<I")
_FACTS = struct.Struct("<I")  # length of the JSON in a payload


class DamagedJournalError(ValueError):
    """A journal that no kill explains.

    Attributes:
        records: those before the damage, which are whole.
        journal: what is before the damage, if that is known.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        what: str,
        records: list[Record],
        journal: "JournalContents | None" = None,
    ) -> None:
        super().__init__(
            f"{path} is damaged at byte {offset}: {what}. The {len(records)} records "
            "before it are whole"
        )
        self.records = records
        self.journal = journal


class JournalContents(NamedTuple):
    """What a journal holds.

    Attributes:
        origin: of the file that it continues.
        base: how many records that file holds.
        records: those after them.
    """

    origin: Origin
    base: int
    records: list[Record]


class _End(NamedTuple):
    """Where the whole records end: offset, their number, and the last checksum."""

    offset: int
    records: int
    crc: int


def journal_path(path: Path) -> Path:
    """The journal of the recording in `path`."""
    return path.with_name(path.name + ".journal")


class Journal:
    """Appends records to a new journal, in the place of any that was there.

    Args:
        path: of the journal.
        origin: of the recording's file.
        base: how many records that file holds.

    Raises:
        OSError: if it cannot be written; also by `append`.
    """

    def __init__(self, path: Path, origin: Origin, base: int) -> None:
        # A new file, so that a reader never sees one journal turn into another.
        path.unlink(missing_ok=True)
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115
        # Also when an interrupted training is forgotten.
        self.close = weakref.finalize(self, self._file.close)
        header = _HEADER.pack(_MAGIC, bytes.fromhex(origin.id), origin.writes, base)
        self._end = _End(0, 0, 0)
        self._write(header + _CRC.pack(crc32(header)), records=0, crc=crc32(header))

    def __len__(self) -> int:
        return self._end.records

    def append(self, record: Record) -> None:
        """Add a record, whole or not at all."""
        payload = _payload(record)
        crc = crc32(payload)
        head = _RECORD.pack(len(payload), crc)
        block = head + _CRC.pack(crc32(head, self._end.crc)) + payload
        self._write(block, records=len(self) + 1, crc=crc)

    def _write(self, block: bytes, records: int, crc: int) -> None:
        end = self._end.offset
        try:
            # A full disk or an interruption may have left a part behind.
            if os.fstat(self._file.fileno()).st_size != end:
                self._file.truncate(end)
            self._file.seek(end)
            rest = memoryview(block)
            while rest:
                rest = rest[self._file.write(rest) :]
        except BaseException:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise
        # In one assignment, which no interruption divides.
        self._end = _End(end + len(block), records, crc)


def parse_journal(data: bytes, path: Path, measures: int) -> JournalContents | None:
    """The records in a journal, but for a last one that a kill cut off.

    Args:
        data: contents of its file.
        path: of the journal, for messages.
        measures: how many measures a record has.

    Returns:
        None if a kill has cut it off within its header.

    Raises:
        DamagedJournalError: if it is no journal, or damaged.
    """
    if not data.startswith(_MAGIC[: len(data)]):
        raise DamagedJournalError(path, 0, "it does not begin as a journal", [])
    start = _HEADER.size + _CRC.size
    if len(data) < start:
        return None
    crc = crc32(data[: _HEADER.size])
    if _CRC.pack(crc) != data[_HEADER.size : start]:
        raise DamagedJournalError(path, 0, "the checksum of its header is wrong", [])
    _, identity, writes, base = _HEADER.unpack_from(data)
    journal = JournalContents(Origin(identity.hex(), writes), base, [])
    for offset, payload, damage in _payloads(data, start, crc):
        try:
            if damage:
                raise ValueError(damage)
            journal.records.append(_record(payload, measures))
        except (ValueError, TypeError, KeyError, struct.error) as error:
            raise DamagedJournalError(
                path, offset, str(error), journal.records, journal
            ) from error
    return journal


def _payloads(data: bytes, start: int, crc: int) -> Iterator[tuple[int, bytes, str]]:
    """Of each whole record from `start` on its offset, its payload, and any damage."""
    while len(data) - start >= _RECORD.size + _CRC.size:
        head = data[start : start + _RECORD.size]
        length, expected = _RECORD.unpack(head)
        begin = start + _RECORD.size + _CRC.size
        if _CRC.pack(crc32(head, crc)) != data[start + _RECORD.size : begin]:
            yield start, b"", "the checksum of a record's length is wrong"
        payload = data[begin : begin + length]
        if len(payload) < length:
            return
        crc = crc32(payload)
        yield begin, payload, "" if crc == expected else "a record's checksum is wrong"
        start = begin + length


def _payload(record: Record) -> bytes:
    facts = {
        "step": record.step,
        "epoch": record.epoch,
        "layers": record.values.shape[1],
        "logs": record.logs,
    }
    text = json.dumps(facts).encode()
    values = record.values.astype("<f4").tobytes()
    return _FACTS.pack(len(text)) + text + values + record.flags.tobytes()


def _record(payload: bytes, measures: int) -> Record:
    """The record in a payload.

    Raises:
        ValueError, TypeError, KeyError, struct.error: if it holds none.
    """
    (length,) = _FACTS.unpack_from(payload)
    facts: dict[str, Any] = json.loads(payload[_FACTS.size : _FACTS.size + length])
    body = payload[_FACTS.size + length :]
    count = measures * whole(facts["layers"])
    if len(body) != 5 * count:
        raise ValueError(f"{len(body)} bytes for {measures} measures of its layers")
    return as_record(
        facts, np.frombuffer(body[: 4 * count], "<f4"), body[4 * count :], measures
    )


def as_record(
    facts: dict[str, Any],
    values: npt.NDArray[np.float32],
    flags: bytes,
    measures: int,
) -> Record:
    """A record of what a journal of any format holds.

    Raises:
        ValueError, TypeError, KeyError: if it is none.
    """
    marks = np.frombuffer(flags, np.uint8)
    if marks.size and marks.max() > max(Flag):
        raise ValueError(f"the flag {marks.max()} is unknown")
    return Record.converted(
        whole(facts["step"]),
        whole(facts["epoch"]),
        values.reshape(measures, -1),
        marks.reshape(measures, -1),
        {str(name): float(value) for name, value in dict(facts["logs"]).items()},
    )


def whole(value: object) -> int:
    """A whole number of 0 or more, out of a file.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no whole number")
    return value

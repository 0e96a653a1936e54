"""A recording on disk as it is at one moment: its file, and the journal beside it.

A callback puts a new file in place first, then removes the journal of the one before,
and begins the next journal only when there is a record for it. So a reader that opens
the journal first, and the file after it, finds a file that is at least as new: either
the one that the journal goes on from, or a later one, which holds the journal's
records. There are no holes and no doubles, at whatever moments it reads.
"""

import time
import warnings
from pathlib import Path
from typing import IO

from tfrwc._common.locks import Lock
from tfrwc.recording import parquet
from tfrwc.recording.journal import (
    DamagedJournalError,
    JournalContents,
    journal_path,
    parse_journal,
)
from tfrwc.recording.old_journal import is_old_journal, parse_old_journal
from tfrwc.recording.records import Contents, Record

# A journal whose last write failed is cut back while it may be read.
_TRIES, _PAUSE = 5, 0.02


def write(path: Path, contents: Contents) -> None:
    """Write a recording of nobody's `fit`, in the place of any that is there.

    Raises:
        OSError: if it cannot be written, or a training is recording to it.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise OSError(
            f"A recording cannot be written to {path}: "
            + ("that is a folder" if path.is_dir() else f"there is no {path.parent}")
            + ". Give the path of a file in a folder that is there."
        )
    lock = Lock(path)
    try:
        parquet.write(path, contents)
        journal_path(path).unlink(missing_ok=True)
    finally:
        lock.release()


def read(path: Path, salvage: bool = False) -> Contents:
    """Read the recording in `path`, and the journal that goes on from it.

    Args:
        path: of the file.
        salvage: whether to return what is before a damage of the journal, with a
            warning.

    Raises:
        FileNotFoundError: if there is no such file (or it is a folder).
        ValueError: if the file or its journal is truncated, damaged, or no recording.
    """
    for remaining in reversed(range(_TRIES)):
        contents, damage = _read(path)
        if damage is None:
            return contents
        if not remaining:
            break
        time.sleep(_PAUSE)
    if salvage:
        warnings.warn(f"{damage}. What follows is left out.", stacklevel=3)
        return contents
    raise ValueError(
        f"{damage}, as are the {len(contents.records) - len(damage.records)} in "
        f"{path.name}. To have these without what follows, call "
        "load_recording(path, salvage=True); to go on with the training from them, "
        "save that recording to the same path."
    ) from damage


def _read(path: Path) -> tuple[Contents, DamagedJournalError | None]:
    """The recording, as far as it is whole, and what follows then."""
    journal = _opened(journal_path(path))
    if journal is None:
        return parquet.read(path), None
    with journal:
        contents = parquet.read(path)
        data = journal.read()
    try:
        contents.records.extend(_following(contents, data, path))
    except DamagedJournalError as error:
        widest = len(contents.layers)
        contents.records.extend(
            record for record in error.records if record.values.shape[1] <= widest
        )
        return contents, error
    return contents, None


def _opened(path: Path) -> IO[bytes] | None:
    try:
        return open(path, "rb")
    except FileNotFoundError:
        return None


def _following(contents: Contents, data: bytes, path: Path) -> list[Record]:
    """The records of a journal that follow those of the file."""
    place, measures = journal_path(path), len(contents.measures)
    if is_old_journal(data):
        if contents.origin is not None:
            return []  # the file was gone on with since
        last = contents.records[-1].step if contents.records else -1
        try:
            old = parse_old_journal(data, place, measures)
        except DamagedJournalError as error:
            error.records[:] = [one for one in error.records if one.step > last]
            raise
        records = [record for record in old if record.step > last]
    else:
        try:
            journal = parse_journal(data, place, measures)
        except DamagedJournalError as error:
            # What an earlier state of the file had beside it need not be whole.
            if error.journal is not None and not _goes_on(
                error.journal, contents, place
            ):
                return []
            raise
        if journal is None or not _goes_on(journal, contents, place):
            return []
        records = journal.records
    for number, record in enumerate(records):
        if record.values.shape[1] > len(contents.layers):
            raise DamagedJournalError(
                place,
                0,
                f"record {number + 1} has {record.values.shape[1]} layers, more than "
                f"the {len(contents.layers)} of the recording",
                records[:number],
            )
    return records


def _goes_on(journal: JournalContents, contents: Contents, place: Path) -> bool:
    """Whether a journal goes on from this file."""
    origin = contents.origin
    if journal.origin == origin:
        if journal.base != len(contents.records):
            raise DamagedJournalError(
                place,
                0,
                f"it goes on from {journal.base} records, but the recording holds "
                f"{len(contents.records)}",
                [],
            )
        return True
    is_earlier = (
        origin is not None
        and journal.origin.id == origin.id
        and journal.origin.writes < origin.writes
    )
    last = contents.records[-1].step if contents.records else -1
    if not is_earlier and any(record.step > last for record in journal.records):
        warnings.warn(
            f"{place} has records up to step {journal.records[-1].step}, but goes on "
            "from another state of the recording than is beside it (was that restored "
            "from a copy?). They are left out: what came between is not there. Move "
            "the journal away to end this warning.",
            stacklevel=5,
        )
    return False

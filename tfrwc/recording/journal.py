"""Records of a running epoch on disk, one by one.

A recording's own file is written anew at each epoch's end. With records at steps,
those since then stand in a journal beside it, an Arrow stream that grows by one
batch per record and is whole up to the last of them whenever the process is killed.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

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


def journal_path(path: Path) -> Path:
    """The journal of the recording in `path`."""
    return path.with_name(path.name + ".journal")


class Journal:
    """Appends records to a new journal, over any that was there.

    Args:
        path: of the journal.

    Raises:
        OSError: if it cannot be written; also by `append`.
    """

    def __init__(self, path: Path) -> None:
        self._file = pa.OSFile(str(path), "wb")
        self._stream = pa.ipc.new_stream(self._file, _SCHEMA)

    def append(self, record: Record) -> None:
        """Add a record."""
        row = (
            [record.step],
            [record.epoch],
            [json.dumps(record.logs)],
            [record.values.tobytes()],
            [record.flags.tobytes()],
        )
        arrays = [pa.array(c, f.type) for c, f in zip(row, _SCHEMA, strict=True)]
        self._stream.write_batch(pa.record_batch(arrays, schema=_SCHEMA))

    def close(self) -> None:
        self._file.close()


def read_journal(path: Path, measures: int) -> Iterator[Record]:
    """The records in a journal, but for a last one that a kill cut off.

    Args:
        path: of the journal. Where there is no such file, there are no records.
        measures: how many measures a record has.
    """
    try:
        file = pa.OSFile(str(path), "rb")
    except FileNotFoundError:
        return
    with file:
        try:
            stream = pa.ipc.open_stream(file)
            for batch in stream:
                (row,) = batch.to_pylist()
                yield Record(
                    row["step"],
                    row["epoch"],
                    np.frombuffer(row["values"], np.float32).reshape(measures, -1),
                    np.frombuffer(row["flags"], np.uint8).reshape(measures, -1),
                    json.loads(row["logs"]),
                )
        except (pa.ArrowInvalid, OSError):
            return

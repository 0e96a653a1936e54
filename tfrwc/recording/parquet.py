"""The file of a recording.

It is Parquet, one row per record: ``step``, ``epoch``, a column ``log.<name>`` for
each logged number, and for each measure the list columns ``value.<measure>`` and
``flag.<measure>`` with an entry per watched tensor. The table of layers, the
settings and the versions are JSON in the schema's metadata under the key
``tfrwc``. Any Parquet reader opens it.

A file is replaced as a whole, so that a reader, or a process killed at any moment,
always leaves or finds a whole file. Its `Origin` says which journal beside it, if any,
goes on from it: see `tfrwc.recording.snapshot`.
"""

import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfrwc._common.files import replacing
from tfrwc.recording.records import Contents, Origin, Record

_KEY = b"tfrwc"
_FORMAT = 1
# Pages have checksums. Arrow before 13, to which TFX 1.16 holds its users, knows none:
# there, damage is found only where it breaks the format.
_CHECKSUMS = int(pa.__version__.partition(".")[0]) >= 13
_WRITE = {"write_page_checksum": True} if _CHECKSUMS else {}
_READ = {"page_checksum_verification": True} if _CHECKSUMS else {}


def write(path: str | os.PathLike[str], contents: Contents) -> None:
    """Write a recording to `path`, whole or not at all.

    Raises:
        OSError: if the file cannot be written.
    """
    with replacing(path) as file:
        pq.write_table(_table(contents), file, **_WRITE)


def read(path: str | os.PathLike[str]) -> Contents:
    """Read the recording in `path`, without the journal beside it.

    Raises:
        FileNotFoundError: if there is no such file (or it is a folder).
        ValueError: if the file is truncated, damaged, or no recording.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording at {path}.")
    try:
        # Open, it stays the same file while it is read, even if another replaces it.
        with open(path, "rb") as file:
            table = pq.read_table(file, **_READ)
    except (pa.ArrowInvalid, OSError) as error:
        raise ValueError(
            f"{path} is not a readable recording: it is truncated, damaged, or not a "
            f"Parquet file ({error}). Restore it from a copy, or record again."
        ) from error
    description = (table.schema.metadata or {}).get(_KEY)
    if description is None:
        raise ValueError(
            f"{path} is a Parquet file, but not a recording: its metadata has no "
            f"entry {_KEY.decode()!r}. Give a file that RWCCallback or "
            "Recording.save wrote."
        )
    try:
        return _contents(table, json.loads(description), path)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is not a readable recording: its description or columns are "
            f"damaged ({error!r}). Restore it from a copy, or record again."
        ) from error


def origin_of(path: Path) -> Origin | None:
    """The origin that a file names; None if it names none or cannot be read."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        return _origin(json.loads(metadata[_KEY]).get("origin"), path)
    except (pa.ArrowInvalid, OSError, ValueError, KeyError, AttributeError):
        return None


def next_origin(origin: Origin | None) -> Origin:
    """The origin of what replaces a file of `origin`."""
    if origin is None:
        return Origin(uuid.uuid4().hex, 0)
    return origin._replace(writes=origin.writes + 1)


def _table(contents: Contents) -> pa.Table:
    records = contents.records
    columns = {
        "step": pa.array([record.step for record in records], pa.int64()),
        "epoch": pa.array([record.epoch for record in records], pa.int32()),
    }
    # In the order in which they first appear.
    names = dict.fromkeys(name for record in records for name in record.logs)
    for name in names:
        # NaN is a number that was logged; null is one that was not.
        columns[f"log.{name}"] = pa.array(
            [record.logs.get(name) for record in records], pa.float64()
        )
    for i, measure in enumerate(contents.measures):
        columns[f"value.{measure}"] = pa.array(
            [record.values[i] for record in records], pa.list_(pa.float32())
        )
        columns[f"flag.{measure}"] = pa.array(
            [record.flags[i] for record in records], pa.list_(pa.uint8())
        )
    description = {
        "format": _FORMAT,
        "layers": contents.layers.to_dict("list"),
        "measures": contents.measures,
        "settings": contents.settings,
        "versions": contents.versions,
        "origin": contents.origin or next_origin(None),
    }
    table = pa.table(columns)
    return table.replace_schema_metadata({_KEY: json.dumps(description)})


def _contents(table: pa.Table, description: dict[str, Any], path: Path) -> Contents:
    if description["format"] > _FORMAT:
        raise ValueError(
            f"{path} has format {description['format']}; this version of tfrwc reads "
            f"up to {_FORMAT}. Update tfrwc."
        )
    layers = pd.DataFrame(description["layers"])
    layers["shape"] = [tuple(shape) for shape in layers["shape"]]
    measures = tuple(description["measures"])
    return Contents(
        layers=layers,
        measures=measures,
        settings=dict(description["settings"]),
        versions=dict(description["versions"]),
        records=[_record(row, measures) for row in table.to_pylist()],
        origin=_origin(description.get("origin"), path),
    )


def _origin(value: Any, path: Path) -> Origin | None:
    if value is None:
        return None  # of before there were origins
    if (
        isinstance(value, list)
        and len(value) == 2
        and re.fullmatch("[0-9a-f]{32}", str(value[0]))
        and type(value[1]) is int
        and 0 <= value[1] < 2**63
    ):
        return Origin(*value)
    raise ValueError(
        f"{path} is not a readable recording: its origin is damaged ({value!r}). "
        "Restore it from a copy, or record again."
    )


def _record(row: dict[str, Any], measures: tuple[str, ...]) -> Record:
    return Record.converted(
        row["step"],
        row["epoch"],
        [row[f"value.{measure}"] for measure in measures],
        [row[f"flag.{measure}"] for measure in measures],
        {
            name.removeprefix("log."): value
            for name, value in row.items()
            if name.startswith("log.") and value is not None
        },
    )

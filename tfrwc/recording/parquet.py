"""The file of a recording.

It is Parquet, one row per record: ``step``, ``epoch``, a column ``log.<name>`` for
each logged number, and for each measure the list columns ``value.<measure>`` and
``flag.<measure>`` with an entry per watched tensor. The table of layers, the
settings and the versions are JSON in the schema's metadata under the key
``tfrwc``. Any Parquet reader opens it.

Each write makes a new file beside the old one and then renames it over the old
one, so that a reader, or a process killed at any moment, always leaves or finds
a whole file. Records since the last write may stand in a `journal` beside it.
"""

import json
import os
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfrwc.recording.journal import journal_path, read_journal
from tfrwc.recording.recording import Recording

_KEY = b"tfrwc"
_FORMAT = 1
# Pages have checksums. Arrow before 13, to which TFX 1.16 holds its users, knows none:
# there, damage is found only where it breaks the format.
_CHECKSUMS = int(pa.__version__.partition(".")[0]) >= 13
_WRITE = {"write_page_checksum": True} if _CHECKSUMS else {}
_READ = {"page_checksum_verification": True} if _CHECKSUMS else {}


def write(recording, path):
    """Write a recording to `path`, atomically."""
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    with open(partial, "wb") as file:
        pq.write_table(_table(recording), file, **_WRITE)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def _table(recording) -> pa.Table:
    records = list(recording.records())
    columns = {
        "step": pa.array([step for step, *_ in records], pa.int64()),
        "epoch": pa.array([epoch for _, epoch, *_ in records], pa.int32()),
    }
    for name, column in recording.logs.items():
        # NaN is a number that was logged; null is one that was not.
        logged = [name in logs for *_, logs in records]
        columns[f"log.{name}"] = pa.array(
            [v if there else None for v, there in zip(column, logged, strict=True)],
            pa.float64(),
        )
    for i, measure in enumerate(recording.measures):
        columns[f"value.{measure}"] = pa.array(
            [values[i] for _, _, values, _, _ in records], pa.list_(pa.float32())
        )
        columns[f"flag.{measure}"] = pa.array(
            [flags[i] for _, _, _, flags, _ in records], pa.list_(pa.uint8())
        )
    description = {
        "format": _FORMAT,
        "layers": recording.layers.to_dict("list"),
        "measures": recording.measures,
        "settings": recording.settings,
        "versions": recording.versions,
    }
    table = pa.table(columns)
    return table.replace_schema_metadata({_KEY: json.dumps(description)})


def load_recording(path) -> Recording:
    """Read the recording in `path`, with what a running `fit` has added since.

    Raises:
        FileNotFoundError: if there is no such file (or it is a folder).
        ValueError: if the file is truncated, damaged, or no recording.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording at {path}.")
    try:
        table = pq.read_table(path, **_READ)
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
        recording = _from_table(table, json.loads(description), path)
        last = recording.steps[-1] if len(recording) else -1
        for record in read_journal(journal_path(path), len(recording.measures)):
            if record[0] > last:
                recording.append(*record)
        return recording
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is not a readable recording: its description or columns are "
            f"damaged ({error!r}). Restore it from a copy, or record again."
        ) from error


def _from_table(table, description, path) -> Recording:
    if description["format"] > _FORMAT:
        raise ValueError(
            f"{path} has format {description['format']}; this version of tfrwc reads "
            f"up to {_FORMAT}. Update tfrwc."
        )
    layers = pd.DataFrame(description["layers"])
    layers["shape"] = [tuple(shape) for shape in layers["shape"]]
    recording = Recording(
        layers,
        description["measures"],
        description["settings"],
        description["versions"],
    )
    for row in table.to_pylist():
        recording.append(
            row["step"],
            row["epoch"],
            [row[f"value.{measure}"] for measure in recording.measures],
            [row[f"flag.{measure}"] for measure in recording.measures],
            {
                name.removeprefix("log."): value
                for name, value in row.items()
                if name.startswith("log.") and value is not None
            },
        )
    return recording

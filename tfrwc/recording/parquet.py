"""The file of a recording.

It is Parquet, one row per record: ``step``, ``epoch``, a column ``log.<name>`` for
each logged number, and for each measure the list columns ``value.<measure>`` and
``flag.<measure>`` with an entry per watched tensor. The table of layers, the
settings and the versions are JSON in the schema's metadata under the key
``tfrwc``. Any Parquet reader opens it. A `seal` within it tells every byte that has
changed since, so that a file is whole, or refused.

A file is replaced as a whole, so that a reader, or a process killed at any moment,
always leaves or finds a whole file. Its `Origin` says which journal beside it, if any,
goes on from it: see `tfrwc.recording.snapshot`.
"""

import json
import os
import re
import uuid
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfrwc._common.files import replacing
from tfrwc._common.json_files import check_object, parse_json
from tfrwc.recording import schema
from tfrwc.recording.records import Contents, Origin, Record
from tfrwc.recording.seal import is_sealed, write_sealed

_KEY = b"tfrwc"
_FORMAT = 1
# Pages have checksums. Arrow before 13, to which TFX 1.16 holds its users, knows none:
# there, damage to files without a seal is found only where it breaks the format.
_CHECKSUMS = int(pa.__version__.partition(".")[0]) >= 13
_WRITE = {"write_page_checksum": True} if _CHECKSUMS else {}
_READ = {"page_checksum_verification": True} if _CHECKSUMS else {}
# What Arrow raises for files without a seal that are damaged, whichever part is.
_DAMAGE = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError)
_ITEMS = ("element", "item")
_BLOCK = 1 << 24  # values in a group of rows: 64 MiB, far below Arrow's limit of a list


def write(path: str | os.PathLike[str], contents: Contents) -> None:
    """Write a recording to `path`, whole or not at all.

    Memory holds the file once more than the recording.

    Raises:
        OSError: if the file cannot be written.
    """
    schema_of_file = _schema(contents)
    buffer = pa.BufferOutputStream()
    # Values hardly repeat, and flags do. Arrow names the items of a list in two ways.
    items = [f"flag.{m}.list.{i}" for m in contents.measures for i in _ITEMS]
    options = {"use_dictionary": items, **_WRITE}
    with pq.ParquetWriter(buffer, schema_of_file, **options) as writer:
        for records in _blocks(contents.records):
            writer.write_table(_table(records, contents, schema_of_file))
    with replacing(path) as file:
        write_sealed(file, memoryview(buffer.getvalue()))


def read(path: str | os.PathLike[str]) -> Contents:
    """Read the file of a recording; not the journal beside it.

    Raises:
        FileNotFoundError: if there is no such file (or it is a folder).
        ValueError: if the file is truncated, damaged, or no recording.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording at {path}.")
    with path.open("rb") as file:
        sealed, table = _read_table(file, path)
    description = (table.schema.metadata or {}).get(_KEY)
    if description is None:
        raise ValueError(
            f"{path} is a Parquet file, but not a recording: its metadata has no "
            f"entry {_KEY.decode()!r}. Give a file that RWCCallback or "
            "Recording.save wrote."
        )
    try:
        contents = _contents(table, _description(description, path, sealed))
        if not sealed:
            # What was written is what a seal vouches for, odd as it may be.
            schema.check_sizes(contents.layers)
            records = np.array([r[:2] for r in contents.records], np.int64)
            schema.check_clock(*records.reshape(-1, 2).T)
        return contents
    except _Later:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is not a readable recording: its description or columns are "
            f"damaged ({error}). Restore it from a copy, or record again."
        ) from error


def origin_of(path: Path) -> Origin | None:
    """The origin that a file names; None if it names none or cannot be read."""
    try:
        with path.open("rb") as file:  # Arrow takes no name that is not UTF-8
            metadata = pq.read_schema(file).metadata or {}
        return _origin(json.loads(metadata[_KEY]).get("origin"))
    except (*_DAMAGE, KeyError, AttributeError):
        return None


def next_origin(origin: Origin | None) -> Origin:
    """The origin of what replaces a file of `origin`."""
    if origin is None:
        return Origin(uuid.uuid4().hex, 0)
    return origin._replace(writes=origin.writes + 1)


def _origin(value: Any) -> Origin | None:
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
    raise ValueError(f"its origin is {value!r:.200}")


class _Later(ValueError):
    """A file of a later format."""


def _read_table(file: IO[bytes], path: Path) -> tuple[bool, pa.Table]:
    """Whether a file has a seal, and its table."""
    try:
        sealed = is_sealed(file)
        return sealed, pq.ParquetFile(file, **_READ).read()
    except _DAMAGE as error:
        raise ValueError(
            f"{path} is not a readable recording: it is truncated, damaged, or not a "
            f"Parquet file ({error}). Restore it from a copy, or record again."
        ) from error


def _blocks(records: list[Record]) -> Iterator[list[Record]]:
    """Runs of records of not too many values; one that is empty if there are none."""
    block: list[Record] = []
    size = 0
    for record in records:
        size += record.values.size
        if block and size > _BLOCK:
            yield block
            block, size = [], record.values.size
        block.append(record)
    yield block


def _schema(contents: Contents) -> pa.Schema:
    # In the order in which they first appear.
    names = dict.fromkeys(name for record in contents.records for name in record.logs)
    columns = [("step", pa.int64()), ("epoch", pa.int32())]
    columns += [(f"log.{name}", pa.float64()) for name in names]
    for measure in contents.measures:
        columns.append((f"value.{measure}", pa.list_(pa.float32())))
        columns.append((f"flag.{measure}", pa.list_(pa.uint8())))
    description = {
        "format": _FORMAT,
        "sealed": True,
        "layers": contents.layers.to_dict("list"),
        "measures": contents.measures,
        "settings": contents.settings,
        "versions": contents.versions,
        "origin": contents.origin or next_origin(None),
    }
    return pa.schema(columns, {_KEY: json.dumps(description, default=_plain)})


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise ValueError(
        "The table of layers and the settings of a recording that is saved hold "
        f"numbers, texts and lists of them. Received: {value!r:.200}."
    )


def _table(records: list[Record], contents: Contents, columns: pa.Schema) -> pa.Table:
    arrays = [
        pa.array([record.step for record in records], pa.int64()),
        pa.array([record.epoch for record in records], pa.int32()),
    ]
    for name in columns.names:
        if name.startswith("log."):
            # NaN is a number that was logged; null is one that was not.
            logged = [record.logs.get(name.removeprefix("log.")) for record in records]
            arrays.append(pa.array(logged, pa.float64()))
    for i in range(len(contents.measures)):
        arrays.append(_lists([record.values[i] for record in records], pa.float32()))
        arrays.append(_lists([record.flags[i] for record in records], pa.uint8()))
    return pa.Table.from_arrays(arrays, schema=columns)


def _lists(rows: list[npt.NDArray[Any]], item: pa.DataType) -> pa.ListArray:
    offsets = np.cumsum([0, *map(len, rows)], dtype=np.int32)
    values = np.concatenate([*rows, np.empty(0, item.to_pandas_dtype())])
    return pa.ListArray.from_arrays(offsets, pa.array(values, item))


def _description(text: bytes, path: Path, sealed: bool) -> dict[str, Any]:
    """What the metadata say of a recording, checked."""
    data = parse_json(text)
    check_object(data, {"format": int})
    if data["format"] > _FORMAT:
        raise _Later(
            f"{path} has format {data['format']}; this version of tfrwc reads up to "
            f"{_FORMAT}. Update tfrwc."
        )
    check_object(
        data, {"layers": dict, "measures": list, "settings": dict, "versions": dict}
    )
    if data.get("sealed", False) and not sealed:
        raise ValueError("its seal is gone: another program has written it anew")
    schema.check_settings(data["settings"], data["versions"])
    return dict(data)


def _contents(table: pa.Table, description: dict[str, Any]) -> Contents:
    measures = schema.checked_measures(description["measures"])
    layers = schema.checked_layers(_layers(description["layers"]))
    schema.check_column_names(table.column_names, measures)
    values = [_rows(table[f"value.{m}"], pa.types.is_floating) for m in measures]
    flags = [_rows(table[f"flag.{m}"], pa.types.is_integer) for m in measures]
    widths = [{len(rows[i]) for rows in (*values, *flags)} for i in range(len(table))]
    if any(len(width) > 1 for width in widths):
        raise ValueError("a record has other numbers of values and flags by measure")
    schema.check_widths([width.pop() for width in widths], len(layers))
    steps = _column(table["step"], pa.types.is_integer).to_numpy()
    epochs = _column(table["epoch"], pa.types.is_integer).to_numpy()
    logs = _logs(table)
    records = [
        Record.converted(
            steps[i],
            epochs[i],
            np.array([rows[i] for rows in values], np.float32),
            np.array([rows[i] for rows in flags], np.uint8),
            {n: x for n, column in logs if (x := column[i]) is not None},
        )
        for i in range(len(table))
    ]
    return Contents(
        layers=layers,
        measures=measures,
        settings=description["settings"],
        versions=description["versions"],
        records=records,
        origin=_origin(description.get("origin")),
    )


def _layers(columns: dict[str, Any]) -> pd.DataFrame:
    check_object(columns, dict.fromkeys(columns, list))
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise ValueError("the columns of the table of layers differ in length")
    # As objects, shapes stay lists; then each column gets the type of its values.
    return pd.DataFrame(columns, dtype=object).infer_objects()


def _column(column: pa.ChunkedArray, is_type: Any, empty: bool = False) -> Any:
    """A column of one type, and without gaps unless these are allowed."""
    if not is_type(column.type) or (column.null_count and not empty):
        raise ValueError(f"a column is of type {column.type}, or has gaps")
    return column


def _logs(table: pa.Table) -> list[tuple[str, list[float | None]]]:
    """Names and values of what was logged; None where it was not."""

    def is_number(kind: pa.DataType) -> bool:
        return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))

    return [
        (
            name.removeprefix("log."),
            _column(table[name], is_number, empty=True).to_pylist(),
        )
        for name in table.column_names
        if name.startswith("log.")
    ]


def _rows(column: pa.ChunkedArray, is_type: Any) -> list[npt.NDArray[Any]]:
    """The lists of a column, as arrays that share memory."""
    _column(column, lambda kind: pa.types.is_list(kind) or pa.types.is_large_list(kind))
    rows: list[npt.NDArray[Any]] = []
    for chunk in column.chunks:
        offsets = chunk.offsets.to_numpy()
        items = _column(chunk.values, is_type).to_numpy()
        if pa.types.is_integer(chunk.values.type):
            schema.check_flags(items)
        rows += [items[a:b] for a, b in pairwise(offsets)]
    return rows

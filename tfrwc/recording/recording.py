"""A recording: what was measured during training, and its file.

The file is Parquet, one row per record: ``step``, ``epoch``, a column
``log.<name>`` for each logged number, and for each measure the list columns
``value.<measure>`` and ``flag.<measure>`` with an entry per watched tensor. The
table of layers, the settings and the versions are JSON in the schema's metadata
under the key ``tfrwc``. Any Parquet reader opens it.

Each write makes a new file beside the old one and then renames it over the old
one, so that a reader, or a process killed at any moment, always leaves or finds
a whole file.
"""

import json
import os
import platform
from enum import IntEnum
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tfrwc._version import __version__

_KEY = b"tfrwc"
_FORMAT = 1
_VERSIONS = {
    "tfrwc": __version__,
    "numpy": np.__version__,
    "python": platform.python_version(),
}


class Flag(IntEnum):
    """Why a recorded value is NaN."""

    OK = 0
    ZERO_DENOMINATOR = 1
    NON_FINITE = 2
    NOT_WATCHED = 3


class Recording:
    """Relative change of each watched tensor at each record.

    Attributes:
        layers: DataFrame with a row per watched tensor: name, path, kind (class of
            the layer), shape, size (elements), depth (kernel-holding layers before
            it). Runs of equal networks align by row, since automatic names differ.
        measures: names of the recorded measures.
        settings: how the recording was made, as in `RWCCallback`.
        versions: of the libraries that made it.
    """

    def __init__(self, layers, measures, settings=None, versions=None):
        self.layers = layers.reset_index(drop=True)
        self.measures = tuple(measures)
        self.settings = dict(settings or {})
        self.versions = _VERSIONS | (versions or {})
        self._steps, self._epochs, self._logs = [], [], []
        self._values, self._flags = [], []

    def __len__(self):
        return len(self._steps)

    def __repr__(self):
        return (
            f"Recording({len(self)} records, {len(self.layers)} tensors, "
            f"measures={self.measures})"
        )

    @property
    def steps(self) -> np.ndarray:
        """Optimizer updates done at each record; int64 (records,)."""
        return np.array(self._steps, np.int64)

    @property
    def epochs(self) -> np.ndarray:
        """Epoch that each record ends or lies in, from 1; int64 (records,)."""
        return np.array(self._epochs, np.int64)

    @property
    def logs(self) -> pd.DataFrame:
        """Loss, metrics and learning_rate, a row per record."""
        return pd.DataFrame(self._logs, index=range(len(self)), dtype=np.float64)

    def values(self, measure: str = "l1_ratio") -> np.ndarray:
        """Values of one measure.

        Returns:
            float32 array (records, layers); NaN where `flags` says why.

        Raises:
            ValueError: if the measure was not recorded.
        """
        return self._padded(self._values, measure, np.nan, np.float32)

    def flags(self, measure: str = "l1_ratio") -> np.ndarray:
        """Why values are NaN: uint8 array (records, layers) of `Flag`."""
        return self._padded(self._flags, measure, Flag.NOT_WATCHED, np.uint8)

    def since(self, record: int) -> "Recording":
        """The records from number `record` (from 0) on, at the cost of these alone.

        For those who follow a recording while it grows.
        """
        part = Recording(self.layers, self.measures, self.settings, self.versions)
        for name in ("_steps", "_epochs", "_logs", "_values", "_flags"):
            setattr(part, name, getattr(self, name)[record:])
        return part

    def to_frame(self) -> pd.DataFrame:
        """Tidy form: a row per record, layer and measure.

        Columns: step, epoch, layer, depth, kind, size, measure, value.
        """
        records, layers = len(self), len(self.layers)
        parts = [
            pd.DataFrame(
                {
                    "step": np.repeat(self.steps, layers),
                    "epoch": np.repeat(self.epochs, layers),
                    "layer": np.tile(self.layers["name"].to_numpy(), records),
                    "depth": np.tile(self.layers["depth"].to_numpy(), records),
                    "kind": np.tile(self.layers["kind"].to_numpy(), records),
                    "size": np.tile(self.layers["size"].to_numpy(), records),
                    "measure": measure,
                    "value": self.values(measure).ravel(),
                }
            )
            for measure in self.measures
        ]
        return pd.concat(parts, ignore_index=True)

    def append(self, step, epoch, values, flags, logs):
        """Add a record.

        Args:
            step: optimizer updates done.
            epoch: epoch that it ends or lies in, from 1.
            values: float32 (measures, layers).
            flags: uint8 (measures, layers) of `Flag`.
            logs: dict of numbers.
        """
        self._steps.append(int(step))
        self._epochs.append(int(epoch))
        self._values.append(np.asarray(values, np.float32))
        self._flags.append(np.asarray(flags, np.uint8))
        self._logs.append({name: float(value) for name, value in logs.items()})

    def add_layers(self, table):
        """Watch more tensors from the next record on; earlier ones are NaN."""
        self.layers = pd.concat([self.layers, table], ignore_index=True)

    def drop_after(self, step) -> int:
        """Drop the records after `step` and return how many they were."""
        keep = sum(s <= step for s in self._steps)
        dropped = len(self) - keep
        for column in (
            self._steps,
            self._epochs,
            self._logs,
            self._values,
            self._flags,
        ):
            del column[keep:]
        return dropped

    def save(self, path):
        """Write the recording to a Parquet file, atomically.

        Raises:
            OSError: if the file cannot be written.
        """
        path = Path(path)
        partial = path.with_name(path.name + ".partial")
        with open(partial, "wb") as file:
            pq.write_table(self._table(), file, write_page_checksum=True)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)

    def _padded(self, records, measure, missing, dtype):
        if measure not in self.measures:
            raise ValueError(
                f"Measure {measure!r} was not recorded. "
                f"This recording holds {', '.join(self.measures)}."
            )
        row = self.measures.index(measure)
        result = np.full((len(records), len(self.layers)), missing, dtype)
        for i, record in enumerate(records):
            result[i, : record.shape[1]] = record[row]
        return result

    def _table(self) -> pa.Table:
        columns = {
            "step": pa.array(self._steps, pa.int64()),
            "epoch": pa.array(self._epochs, pa.int32()),
        }
        for name, column in self.logs.items():
            # NaN is a number that was logged; null is one that was not.
            logged = [name in logs for logs in self._logs]
            columns[f"log.{name}"] = pa.array(
                [v if there else None for v, there in zip(column, logged, strict=True)],
                pa.float64(),
            )
        for i, measure in enumerate(self.measures):
            columns[f"value.{measure}"] = pa.array(
                [record[i] for record in self._values], pa.list_(pa.float32())
            )
            columns[f"flag.{measure}"] = pa.array(
                [record[i] for record in self._flags], pa.list_(pa.uint8())
            )
        description = {
            "format": _FORMAT,
            "layers": self.layers.to_dict("list"),
            "measures": self.measures,
            "settings": self.settings,
            "versions": self.versions,
        }
        table = pa.table(columns)
        return table.replace_schema_metadata({_KEY: json.dumps(description)})


def load_recording(path) -> Recording:
    """Read the recording in `path`.

    Raises:
        FileNotFoundError: if there is no such file (or it is a folder).
        ValueError: if the file is truncated, damaged, or no recording.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no recording at {path}.")
    try:
        table = pq.read_table(path, page_checksum_verification=True)
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
        return _from_table(table, json.loads(description), path)
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

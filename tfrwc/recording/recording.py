"""A recording: what was measured during training."""

import platform
from enum import IntEnum

import numpy as np
import pandas as pd

from tfrwc._version import __version__

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

    def per_learning_rate(self, measure: str = "l1_ratio") -> np.ndarray:
        """Values divided by the learning rate logged at their record.

        Change is about proportional to the learning rate, so that phases of a
        schedule compare only after this. A record has one rate, that of its last
        update; a schedule within a record's interval is followed coarsely.

        Returns:
            float32 array (records, layers); NaN also where the rate is 0 or unknown.

        Raises:
            ValueError: if the measure or no learning rate was recorded, and for
                ``"cosine"``, which grows with the square of the learning rate.
        """
        if measure == "cosine":
            raise ValueError(
                "The measure 'cosine' grows with the square of the learning rate, so "
                "it is not divided by it. Choose another measure."
            )
        values, logs = self.values(measure), self.logs
        rates = logs.get("learning_rate", pd.Series(np.nan, logs.index)).to_numpy()
        if not (rates > 0).any():
            raise ValueError(
                "This recording logged no learning rate to divide by. Received the "
                f"logs {list(logs)}; RWCCallback logs it."
            )
        return values / np.where(rates > 0, rates, np.nan)[:, None].astype(np.float32)

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

    def records(self):
        """The records in turn, as arguments of `append`."""
        yield from zip(
            self._steps,
            self._epochs,
            self._values,
            self._flags,
            self._logs,
            strict=True,
        )

    def save(self, path):
        """Write the recording to a Parquet file, atomically.

        Raises:
            OSError: if the file cannot be written.
        """
        from tfrwc.recording.parquet import write

        write(self, path)

    @classmethod
    def from_checkpoints(cls, paths, model=None, **options) -> "Recording":
        """A recording from saved weights; see `tfrwc.recording.from_checkpoints`."""
        from tfrwc.recording.checkpoints import from_checkpoints

        return from_checkpoints(paths, model, **options)

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

"""A recording: what was measured during training."""

import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc._common.checks import whole_number
from tfrwc._common.paths import local_path
from tfrwc._version import __version__
from tfrwc.recording import schema, snapshot, validation
from tfrwc.recording.checkpoints import read_checkpoints
from tfrwc.recording.frame import tidy_frame
from tfrwc.recording.handed_out import remember
from tfrwc.recording.measures import REGISTRY
from tfrwc.recording.questions import Questions
from tfrwc.recording.records import Contents, Flag, Origin, Record

_VERSIONS = {
    "tfrwc": __version__,
    "numpy": np.__version__,
    "python": platform.python_version(),
}


class Recording(Questions):
    """Relative change of each watched tensor at each record.

    Args:
        layers: table of the watched tensors, as in the attribute.
        measures: names of the measures that are recorded.
        settings: how the recording is made, as in `RWCCallback`.
        versions: of libraries, beside those of tfrwc, NumPy and Python here.

    Raises:
        ValueError: if the table lacks a column or has values that cannot be, such as a
            negative depth; if a measure is there twice; if a
            setting that others read is of another type.

    Attributes:
        layers: DataFrame with a row per watched tensor: name, path, kind (class of
            the layer), shape, size (elements), depth (layers with a kernel that
            come before it in the model, also beside it).
            Recordings of equal networks are aligned by row: automatic names differ.
        measures: names of the recorded measures.
        settings: how the recording was made, as in `RWCCallback`.
        versions: of the libraries that made it.
    """

    def __init__(
        self,
        layers: pd.DataFrame,
        measures: Iterable[str],
        settings: Mapping[str, Any] | None = None,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        with _asked_for("a Recording"):
            self.layers = schema.checked_layers(layers)
            self.measures = schema.checked_measures(measures)
            self.settings = dict(settings or {})
            self.versions = {**_VERSIONS, **(versions or {})}
            schema.check_settings(self.settings, self.versions)
        self._records: list[Record] = []

    @classmethod
    def from_contents(cls, contents: Contents) -> "Recording":
        """A recording of what a file holds."""
        recording = cls(
            contents.layers, contents.measures, contents.settings, contents.versions
        )
        recording._records = list(contents.records)
        return recording

    @classmethod
    def from_checkpoints(
        cls,
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
        model: Any = None,
        measures: str | Iterable[str] = ("l1_ratio",),
        reference: str = "previous",
        watch: Any = "kernels",
    ) -> "Recording":
        """A recording of the change from each saved checkpoint to the next.

        Memory holds the watched weights of one checkpoint and one tensor more; with a
        `model`, its weights and a copy of the watched ones.

        Args:
            paths: files ``.weights.h5`` or ``.keras`` in the order of training, two or
                more; or a folder of them, as `keras.callbacks.ModelCheckpoint` leaves
                it, whose files are taken in the order of the optimizer's counts in
                them, or of the epochs in their names.
            model: a built `keras.Model` of this architecture. Without one, ``.keras``
                files of sequential and functional models tell the order, depth and
                kinds of the layers of Keras; for other files, and after a layer of
                others, tensors are ordered by their paths in the file, depth is NaN,
                and the kind may be "unknown".
            measures: as in `RWCCallback`.
            reference: ``"previous"``, or ``"initial"`` for the first checkpoint.
            watch: as in `RWCCallback`. Without a model, only ``"kernels"``, ``"all"``
                or a regular expression for paths in the file. Kernels of layers of
                others are told by their shapes there.

        Returns:
            A `Recording` with a record for each file but the first, without logs. Its
            epochs are those in the names of the files, else the places of the files,
            from 0; its steps are the
            optimizer's counts where all files hold them, else as its epochs.

        Raises:
            FileNotFoundError: if a file or folder is missing.
            ValueError: for fewer than two files; for files that are out of order, or
                whose order is not certain, damaged, or of different networks; for
                what needs a model.

        Warns:
            UserWarning: naming files of a folder that repeat another one.
        """
        contents = read_checkpoints(paths, model, measures, reference, watch)
        return cls.from_contents(contents)

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return (
            f"Recording({len(self)} records, {len(self.layers)} tensors, "
            f"measures={self.measures})"
        )

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        """Optimizer updates done at each record; int64 (records,)."""
        return np.array([record.step for record in self._records], np.int64)

    @property
    def epochs(self) -> npt.NDArray[np.int64]:
        """Epoch that each record ends or lies in, from 1; int64 (records,)."""
        return np.array([record.epoch for record in self._records], np.int64)

    @property
    def logs(self) -> pd.DataFrame:
        """Loss, metrics and learning_rate, a row per record."""
        logs = [record.logs for record in self._records]
        return pd.DataFrame(logs, index=range(len(self)), dtype=np.float64)

    def values(self, measure: str = "l1_ratio") -> npt.NDArray[np.float32]:
        """Values of one measure.

        Returns:
            float32 array (records, layers); NaN where `flags` says why.

        Raises:
            ValueError: if the measure was not recorded.
        """
        row = self._row(measure)
        values = np.full((len(self), len(self.layers)), np.nan, np.float32)
        for i, record in enumerate(self._records):
            values[i, : record.values.shape[1]] = record.values[row]
        remember(values)
        return values

    def flags(self, measure: str = "l1_ratio") -> npt.NDArray[np.uint8]:
        """Why values are NaN: uint8 array (records, layers) of `Flag`.

        Raises:
            ValueError: if the measure was not recorded.
        """
        row = self._row(measure)
        flags = np.full((len(self), len(self.layers)), Flag.NOT_WATCHED, np.uint8)
        for i, record in enumerate(self._records):
            flags[i, : record.flags.shape[1]] = record.flags[row]
        return flags

    def per_learning_rate(self, measure: str = "l1_ratio") -> npt.NDArray[np.float32]:
        """Values divided by the learning rate logged at their record.

        Change is about proportional to the learning rate, so that phases of a schedule
        compare only after this. The rate of a record is that of its last update, which
        follows a schedule within the interval coarsely.

        Returns:
            float32 array (records, layers); NaN also where the rate is 0 or unknown.

        Raises:
            ValueError: if the measure or no learning rate was recorded, and for a
                measure that is not proportional to the learning rate: ``"cosine"``
                grows with its square.
        """
        values, logs = self.values(measure), self.logs
        if measure not in REGISTRY:
            raise ValueError(
                f"The measure {measure!r} is not registered here, so how it grows with "
                "the learning rate is unknown. Call "
                "tfrwc.recording.measures.register first."
            )
        power = REGISTRY[measure].learning_rate_power
        if power != 1:
            growth = "square" if power == 2 else f"power {power}"
            how = f"grows with the {growth} of" if power else "does not depend on"
            raise ValueError(
                f"The measure {measure!r} {how} the learning rate, so it is not "
                "divided by it. Choose another measure."
            )
        rates = logs.get("learning_rate", pd.Series(np.nan, logs.index)).to_numpy()
        if not (rates > 0).any():
            raise ValueError(
                "This recording logged no learning rate to divide by. Received the "
                f"logs {list(logs)}; RWCCallback logs it."
            )
        usable = np.where(rates > 0, rates, np.nan).astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):  # of infinite values
            return (values / usable[:, None]).astype(np.float32)

    def to_frame(self) -> pd.DataFrame:
        """Tidy form: a row per record, layer and measure.

        Columns: step, epoch, layer, depth, kind, size, measure, value; layer, kind and
        measure are categories. A row takes 40 bytes: 5,000 records of 5,000 layers are
        1 GB. `frames` gives the same in parts.
        """
        return tidy_frame(
            self.layers,
            self.steps,
            self.epochs,
            {measure: self.values(measure) for measure in self.measures},
        )

    def frames(self, rows: int = 1_000_000) -> Iterator[pd.DataFrame]:
        """The rows of `to_frame` in parts, some records after the other.

        Args:
            rows: at most in a part, or those of one record where these are more.

        Yields:
            A DataFrame as of `to_frame`, of the next records and all measures.

        Raises:
            ValueError: if `rows` is not a whole number of 1 or more.
        """
        rows = whole_number(rows, "rows")
        step = max(1, rows // max(1, len(self.layers) * len(self.measures)))
        for start in range(0, len(self), step):
            part = self.since(start)
            del part._records[step:]
            yield part.to_frame()

    def append(
        self,
        step: int,
        epoch: int,
        values: npt.ArrayLike,
        flags: npt.ArrayLike,
        logs: Mapping[str, float],
    ) -> None:
        """Add a record.

        Args:
            step: optimizer updates done.
            epoch: epoch that it ends or lies in, from 1.
            values: float32 (measures, layers).
            flags: uint8 (measures, layers) of `Flag`.
            logs: dict of numbers.

        Raises:
            ValueError: if the arrays do not fit the measures and layers, a flag is
                unknown, or the step or epoch is negative.
        """
        record = Record.converted(step, epoch, values, flags, logs)
        with _asked_for("Recording.append"):
            shape = (len(self.measures), len(self.layers))
            schema.check_record(record.values, np.asarray(flags), shape)
            # That steps go forward is not asked here: something else may move an
            # optimizer's count, and a recorder does not stop a training for that.
            schema.check_clock(np.array([record.step]), np.array([record.epoch]))
        self._records.append(record)

    def extend(self, records: Iterable[Record]) -> None:
        """Add records that a training has made, which are not checked again."""
        self._records.extend(records)

    def add_layers(self, table: pd.DataFrame) -> None:
        """Watch more tensors from the next record on; earlier ones are NaN.

        Args:
            table: rows to add to `layers`.

        Raises:
            ValueError: if they are not rows of such a table.
        """
        with _asked_for("Recording.add_layers"):
            table = schema.checked_layers(table)
        self.layers = pd.concat([self.layers, table], ignore_index=True)

    def drop_after(self, step: int) -> int:
        """Drop what was recorded after `step`; return how many records that were."""
        validation.drop_after(self.settings, step)
        remaining = sum(record.step <= step for record in self._records)
        dropped = len(self) - remaining
        del self._records[remaining:]
        return dropped

    def since(self, record: int) -> "Recording":
        """The records from number `record` (from 0) on, at the cost of these alone.

        For those who follow a recording while it grows.
        """
        part = copy(self)
        part.settings = dict(self.settings)
        part._records = self._records[record:]
        return part

    def records(self) -> Iterator[Record]:
        """The records in turn; each unpacks to the arguments of `append`."""
        yield from self._records

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recording to a Parquet file, whole or not at all.

        Args:
            path: of the file, in the place of any that is there.

        Raises:
            ValueError: if `path` is not a local path.
            OSError: if the file cannot be written, also while a training records to it.
        """
        snapshot.write(local_path(path), self.contents())

    def contents(self, origin: Origin | None = None) -> Contents:
        """What a file of the recording holds, in the state that `origin` names."""
        return Contents(
            layers=self.layers,
            measures=self.measures,
            settings=self.settings,
            versions=self.versions,
            records=self._records,
            origin=origin,
        )

    def _row(self, measure: str) -> int:
        if measure not in self.measures:
            raise ValueError(
                f"Measure {measure!r} was not recorded. "
                f"This recording holds {', '.join(self.measures)}."
            )
        return self.measures.index(measure)


@contextmanager
def _asked_for(what: str) -> Iterator[None]:
    """Say in an error of the schema who was asked for what cannot be."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{what} was given what cannot be: {error}.") from error


def load_recording(path: str | os.PathLike[str], salvage: bool = False) -> Recording:
    """Read the recording in `path`, with what a running `fit` has added since.

    Args:
        path: of the file.
        salvage: where the journal of a training that was cut off is damaged, return
            the records before the damage, with a warning. ``recording.save(path)``
            then removes the damage.

    Raises:
        FileNotFoundError: if there is no such file (or it is a folder).
        ValueError: if the file or its journal is truncated, damaged, or no recording.
    """
    return Recording.from_contents(snapshot.read(local_path(path), salvage))


from_checkpoints = Recording.from_checkpoints

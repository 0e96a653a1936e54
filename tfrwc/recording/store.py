"""The files of a recording that a callback writes, and goes on with.

Beside the recording itself lie, while they are needed, the `journal` of the running
epoch and, for recordings against the initial weights, these weights.
"""

import os
import warnings
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc._common.files import replacing
from tfrwc.recording.journal import Journal, journal_path
from tfrwc.recording.recording import Recording, load_recording


class Store:
    """Writes a recording to `path`, in one process of a distributed training.

    Args:
        path: of the recording.

    Attributes:
        path: of the recording.
        writes: whether this is the process that writes; set it to False in others.

    Raises:
        ValueError: if `path` is not the path of a file.
        OSError: if it cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if not isinstance(path, (str, os.PathLike)) or not Path(path).name:
            raise ValueError(
                "RWCCallback's path must be that of a file, or None to keep the "
                f"recording in memory. Received: {path!r}."
            )
        self.path = path = Path(path)
        self.writes = True
        self._initial = path.with_name(path.name + ".initial.npz")
        self._journal: Journal | None = None
        self._journalled = 0
        _check_writable(path)

    def resume(
        self,
        table: pd.DataFrame,
        measures: tuple[str, ...],
        settings: dict[str, Any],
        step: int,
    ) -> Recording | None:
        """Load the recording in `path` to go on with it from `step`.

        Args:
            table: table of layers of the model that is to be recorded.
            measures: names of the measures that are to be recorded.
            settings: of the recording that is to be made.
            step: optimizer updates that the model has had; later records are
                dropped, with a warning.

        Returns:
            The recording; None if there is none, or only one of a training that was
            cut off and begins anew, which is moved aside, with a warning.

        Raises:
            ValueError: if the file is no recording, or not one of this training.
        """
        path = self.path
        if not path.exists():
            return None
        recording = load_recording(path)
        if step == 0:
            if not len(recording):
                return None
            if recording.settings.get("finished", True):
                raise ValueError(
                    f"{path} already holds {len(recording)} records up to step "
                    f"{recording.steps[-1]}, but this model is at step 0. Move that "
                    "file or give another path; to go on with it, restore the model "
                    "and its optimizer first."
                )
            self._move_aside(recording)
            return None
        check_same(recording, table, measures, path)
        self._check_settings(recording, settings)
        dropped = recording.drop_after(step)
        if dropped:
            warnings.warn(
                f"Dropped the last {dropped} of the records in {path}: they lie after "
                f"step {step}, at which the model is.",
                stacklevel=2,
            )
        last = recording.steps[-1] if len(recording) else 0
        if settings["reference"] == "previous" and last < step:
            warnings.warn(
                f"The model is at step {step}, past the last record of {path} at step "
                f"{last}. The weights of that record are not kept, so the next one "
                f"shows the change since step {step} only. Where a backup is the "
                "cause, save backups at steps that are recorded.",
                stacklevel=2,
            )
        return recording

    def _check_settings(self, recording: Recording, settings: dict[str, Any]) -> None:
        for name in ("reference", "every"):
            old = recording.settings.get(name, settings[name])
            if old != settings[name]:
                raise ValueError(
                    f"{self.path} was recorded with {name} {old}. Ask for the same, or "
                    f"give another path. Received: {settings[name]}."
                )

    def _move_aside(self, recording: Recording) -> None:
        if not self.writes:
            return
        names = (f"{self.path.stem}.cut-off-{i}{self.path.suffix}" for i in count(1))
        aside = next(p for p in map(self.path.with_name, names) if not p.exists())
        recording.save(aside)
        warnings.warn(
            f"{self.path} holds {len(recording)} records of a training that was cut "
            f"off, but this model is at step 0: they are now in {aside.name}, and the "
            "recording begins anew.",
            stacklevel=2,
        )

    def save(self, recording: Recording) -> None:
        """Write the whole recording, and begin a new journal.

        Raises:
            OSError: if it cannot be written.
        """
        if not self.writes:
            return
        recording.save(self.path)
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        journal_path(self.path).unlink(missing_ok=True)
        self._journalled = len(recording)

    def add(self, recording: Recording) -> None:
        """Write the records that came since the last `save` or `add`.

        Raises:
            OSError: if they cannot be written.
        """
        if not self.writes:
            return
        if self._journal is None:
            self._journal = Journal(journal_path(self.path))
        for record in recording.since(self._journalled).records():
            self._journal.append(record)
            self._journalled += 1

    def save_initial(self, snapshots: Iterable[npt.NDArray[Any]]) -> None:
        """Keep the initial weights, a list of arrays, for a later `load_initial`.

        Raises:
            OSError: if they cannot be written.
        """
        if not self.writes:
            return
        # NumPy's files do not know bfloat16; float32 holds its values exactly.
        arrays = [a if a.dtype.kind == "f" else a.astype(np.float32) for a in snapshots]
        with replacing(self._initial) as file:
            np.savez(file, *arrays)

    def load_initial(self) -> list[npt.NDArray[Any]]:
        """The weights that `save_initial` kept.

        Raises:
            ValueError: if they are not there.
        """
        if not self._initial.exists():
            raise ValueError(
                f"A recording against the initial weights cannot go on from "
                f"{self.path} without them, and {self._initial.name} is not beside it. "
                "Move the recording or give another path."
            )
        with np.load(self._initial) as file:
            return [file[name] for name in file.files]


def _check_writable(path: Path) -> None:
    # A name of its own, so that no process takes away what another one writes.
    probe = path.with_name(f"{path.name}.{os.getpid()}.probe")
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError("the file is read-only")
    except OSError as error:
        raise OSError(
            f"RWCCallback cannot write its recording to {path} ({error}). Give the "
            "path of a file in a folder that can be written."
        ) from error


def check_same(
    recording: Recording,
    table: pd.DataFrame,
    measures: tuple[str, ...],
    where: str | Path,
) -> None:
    """Check that a recording is of these layers and measures.

    Raises:
        ValueError: if it is not; `where` says in the message where it is.
    """
    if recording.measures != measures:
        raise ValueError(
            f"The recording in {where} holds the measures {recording.measures}, but "
            f"{measures} are asked for. Ask for the same, or give another path."
        )
    old, new = recording.layers["shape"].tolist(), table["shape"].tolist()
    if old != new:
        raise ValueError(
            f"The recording in {where} is of {len(old)} tensors of other shapes than "
            f"the {len(new)} watched ones of this model. Use a new RWCCallback and a "
            "new path for each model."
        )

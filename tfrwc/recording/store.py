"""The files of a recording that a callback writes, and goes on with.

Beside the recording itself lie, while they are needed, the `journal` of the running
epoch, the lock of the running fit and, for recordings against the initial weights,
these weights.
"""

import copy
import os
import shutil
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import pandas as pd

from tfrwc._common.checks import one_of
from tfrwc._common.files import remove_partials
from tfrwc.recording import parquet
from tfrwc.recording.claim import Claim, first_free
from tfrwc.recording.initial import initial_path, read_initial, write_initial
from tfrwc.recording.journal import Journal, journal_path
from tfrwc.recording.places import Places, aside, check_writable
from tfrwc.recording.recording import Recording
from tfrwc.recording.records import Origin
from tfrwc.recording.same import check_same, check_settings
from tfrwc.recording.snapshot import read

ON_EXISTING = ("continue", "new", "error")


@dataclass
class _Tail:
    """The file as it was written last, and the journal that goes on from it."""

    origin: Origin
    records: int
    journal: Journal | None = None


class Store:
    """Writes a recording, in one process of a distributed training.

    Args:
        path: of the recording; see `Places`.
        on_existing: what to do with a recording that is there; see `resume`.

    Attributes:
        path: of the recording; as it was given until `open` has chosen one.
        writes: whether this is the process that writes; set it to False in others.

    Raises:
        ValueError: if `path` is not the path of a local file, or for an unknown
            `on_existing`.
        OSError: if it cannot be written.
    """

    def __init__(
        self, path: str | os.PathLike[str], on_existing: str = "continue"
    ) -> None:
        self.on_existing = one_of(on_existing, ON_EXISTING, "on_existing")
        self._places = Places(path)
        self._forget()
        check_writable(self._places.example())

    def _forget(self) -> None:
        self.path = self._places.path
        self.writes = True
        self._claim: Claim | None = None
        self._chosen = False
        self._origin: Origin | None = None  # of the file as it is there
        self._tail: _Tail | None = None  # None: not known what is there

    def unused(self) -> "Store":
        """A store of the same path that has written nothing yet."""
        store = copy.copy(self)
        store._forget()
        return store

    def open(self, fit: object) -> None:
        """Begin a fit: choose the path if it is not chosen yet, and lock it.

        Args:
            fit: an object that all callbacks of one fit share, and of no other; None
                if there is none.

        Raises:
            OSError: if a recording of another fit is being written there, by this
                process or another one, or was written there since the last fit.
        """
        if not self.writes or (self._claim is not None and self._claim.is_held):
            return
        if self._places.vary and not self._chosen:
            self._claim = first_free(self._places.candidates(), fit)
            self.path = self._claim.path
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._claim = Claim(self.path, fit)
            self._check_unchanged()
        self._chosen = True
        remove_partials(self.path)
        remove_partials(initial_path(self.path))

    def close(self) -> None:
        """End a fit: unlock the path."""
        if self._claim is not None:
            self._claim.release()
            self._claim = None

    def resume(
        self,
        table: pd.DataFrame,
        measures: tuple[str, ...],
        settings: dict[str, Any],
        step: int,
    ) -> Recording | None:
        """Load the recording in `path` to go on with it from `step`.

        With `on_existing` ``"continue"``, that is done for a model that has been
        restored, so that it is past step 0; otherwise, and with ``"new"`` always, what
        is there is moved aside, with a warning.

        Args:
            table: table of layers of the model that is to be recorded.
            measures: names of the measures that are to be recorded.
            settings: of the recording that is to be made.
            step: optimizer updates that the model has had; later records are
                dropped, with a warning, and kept aside if their training was finished.

        Returns:
            The recording; None if there is none, or if it was moved aside.

        Raises:
            ValueError: if the file is no recording, or not one of this training; with
                `on_existing` ``"error"``, if it is a recording.
        """
        if not self.path.exists():
            return None
        contents = read(self.path)
        self._origin = contents.origin
        recording = Recording.from_contents(contents)
        if not len(recording):
            return None
        if self.on_existing == "error":
            raise ValueError(
                f"{self.path} already holds {len(recording)} records up to step "
                f"{recording.steps[-1]}, and this callback has on_existing='error'. "
                "Move that file or give another path; with 'continue' it would be "
                "gone on with or moved aside, with 'new' moved aside."
            )
        finished = recording.settings.get("finished", True)
        why = "finished" if finished else "cut-off"
        if self.on_existing == "new" or step == 0:
            self._begin_anew(recording, why, step)
            return None
        check_same(recording, table, measures, self.path)
        check_settings(recording, settings, self.path)
        self._drop_after(step, recording, finished)
        last = recording.steps[-1] if len(recording) else 0
        if settings["reference"] == "previous" and last < step:
            warnings.warn(
                f"The model is at step {step}, past the last record of {self.path} at "
                f"step {last}. The weights of that record are not kept, so the next "
                f"one shows the change since step {step} only. Where a backup is the "
                "cause, save backups at steps that are recorded.",
                stacklevel=2,
            )
        return recording

    def save(self, recording: Recording) -> None:
        """Write the whole recording, and begin a new journal.

        Raises:
            OSError: if it cannot be written.
        """
        if not self.writes:
            return
        self._check_held()
        origin = parquet.next_origin(self._origin)
        # Unknown until it is written: an interruption may come at any moment.
        tail, self._tail = self._tail, None
        try:
            parquet.write(self.path, recording.contents(origin))
        except OSError:
            self._tail = tail  # the old file is there, and its journal goes on
            raise
        self._origin, self._tail = origin, _Tail(origin, len(recording))
        if tail is not None and tail.journal is not None:
            tail.journal.close()
        journal_path(self.path).unlink(missing_ok=True)

    def add(self, recording: Recording) -> None:
        """Write the records that came since the last `save` or `add`.

        Raises:
            OSError: if they cannot be written.
        """
        if not self.writes:
            return
        self._check_held()
        tail = self._tail
        if tail is None:
            self.save(recording)
            return
        if tail.journal is None:
            path = journal_path(self.path)
            tail.journal = Journal(path, tail.origin, tail.records)
        written = tail.records + len(tail.journal)
        for record in recording.since(written).records():
            tail.journal.append(record)

    def save_initial(self, snapshots: Iterable[npt.NDArray[Any]]) -> None:
        """Keep the initial weights, a list of arrays, for a later `load_initial`.

        Raises:
            OSError: if they cannot be written.
        """
        if self.writes:
            self._check_held()
            write_initial(self.path, snapshots)

    def load_initial(self, shapes: Iterable[tuple[int, ...]]) -> list[npt.NDArray[Any]]:
        """The weights that `save_initial` kept, if they are of these shapes.

        Raises:
            ValueError: if they are not there, damaged, or of other shapes.
        """
        return read_initial(self.path, shapes)

    def _check_held(self) -> None:
        if self._claim is None or not self._claim.is_held:
            raise OSError("another RWCCallback is recording there now")

    def _check_unchanged(self) -> None:
        """Check that the file is the one that this store wrote, in a fit before."""
        if not self._chosen or not self.path.exists():
            return
        if parquet.origin_of(self.path) != self._origin:
            self.close()
            raise OSError(
                f"{self.path} is no longer what this callback wrote: something else "
                "has written there since its last fit. Use a new RWCCallback, with "
                "this path or another."
            )

    def _drop_after(self, step: int, recording: Recording, finished: bool) -> None:
        whole = recording.since(0)
        dropped = recording.drop_after(step)
        if not dropped:
            return
        kept = f"; all are in {self._keep_aside(whole, 'finished')}" if finished else ""
        warnings.warn(
            f"Dropped the last {dropped} of the records in {self.path}: they lie after "
            f"step {step}, at which the model is{kept}.",
            stacklevel=3,
        )

    def _begin_anew(self, recording: Recording, why: str, step: int) -> None:
        if not self.writes:
            return
        name = self._keep_aside(recording, why)
        initial_path(self.path).unlink(missing_ok=True)
        warnings.warn(
            f"{self.path} holds {len(recording)} records of a training that was "
            f"{why.replace('-', ' ')}, but this model is at step {step}: they are now "
            f"in {name}, and the recording begins anew.",
            stacklevel=3,
        )

    def _keep_aside(self, recording: Recording, why: str) -> str:
        """Copy the recording, and its initial weights, to a name beside it."""
        place = aside(self.path, why)
        if self.writes:
            if initial_path(self.path).exists():
                shutil.copyfile(initial_path(self.path), initial_path(place))
            recording.save(place)
        return place.name

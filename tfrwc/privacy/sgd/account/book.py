"""The account's pages in a checkpoint, and in a file beside it.

A checkpoint may be set back to after a kill, and the steps that were done after it were
done all the same. So while a training goes on, the file beside its checkpoints is
written before each step; it names the same run, and whoever restores the checkpoint
counts what it says.
"""

import json
import os
import weakref
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfrwc.privacy.sgd.account.history import (
    EXAMPLE,
    Counts,
    History,
    Run,
    fewer_runs,
    from_plain,
    merged,
    to_plain,
)

PAGE_BYTES = 4096  # of a checkpoint
_NAME = ".private_steps.{}"


class Page(NamedTuple):
    """What a checkpoint says of its history, beside the counts of its own run.

    Attributes:
        own: name of the run that goes on.
        origin: its noise multiplier and sampling rate.
        runs: of before, and of others.
        notes: sentences on what the history rests on.
        folders: where files say how the run went on.
        unit: what the noise of the own run hides one of.
    """

    own: str
    origin: tuple[float, float]
    runs: History
    notes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    unit: str = EXAMPLE

    def history(self, counts: Counts) -> History:
        """All runs, the own one with these counts."""
        return merged(self.runs, {self.own: Run(*self.origin, counts, self.unit)})

    def text(self) -> str:
        """The page as JSON."""
        return json.dumps(self._replace(runs=to_plain(self.runs))._asdict())

    def to_array(self) -> np.ndarray:
        """The page in a weight: uint8 (PAGE_BYTES,)."""
        page = self
        for shorter in (
            {},
            {"folders": ()},
            {"runs": fewer_runs(self.runs, self.own + "-before"), "folders": ()},
        ):
            page = self._replace(**shorter)
            packed = zlib.compress(page.text().encode())
            if len(packed) <= PAGE_BYTES:
                break
        else:
            raise ValueError(
                "The weights have been trained with too many different settings for "
                f"one account: {len(page.runs)}. Begin with other weights."
            )
        array = np.zeros(PAGE_BYTES, np.uint8)
        array[: len(packed)] = np.frombuffer(packed, np.uint8)
        return array

    @classmethod
    def from_text(cls, text: str) -> "Page":
        """The page of `text`."""
        data = json.loads(text)
        return cls(
            str(data["own"]),
            (float(data["origin"][0]), float(data["origin"][1])),
            from_plain(data["runs"]),
            tuple(map(str, data["notes"])),
            tuple(map(str, data["folders"])),
            str(data.get("unit", EXAMPLE)),
        )

    @classmethod
    def from_array(cls, array: np.ndarray) -> "Page | None":
        """The page of `to_array`; None if it is empty.

        Raises:
            ValueError: if it is damaged.
        """
        if not array.any():
            return None
        try:
            packed = zlib.decompressobj()
            text = packed.decompress(np.asarray(array, np.uint8).tobytes())
            return cls.from_text(text.decode())
        except (zlib.error, ValueError, KeyError, IndexError, TypeError) as error:
            raise ValueError(
                "The account among the weights is damaged: what was done to them "
                f"cannot be told. Load them from another copy. ({error})"
            ) from error


class Journal:
    """A file that says how far a run has gone, up to date before each step.

    It survives a kill of the process; it is not forced to the disk before each step, so
    that a loss of power can lose the last ones.

    Args:
        folder: of the checkpoints that it lies beside.
        name: of the run.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / _NAME.format(name)
        self._length = 0
        self._file: int | None = None

    def write(self, page: str, counts: Counts) -> None:
        """Write the page of the run, and its counts."""
        text = f"{json.dumps(counts)}\n{page}".encode()
        if self._file is None or not self.path.exists():
            self._open()
        # One call, which a kill does not cut in two; blanks over what was there.
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, text.ljust(self._length))
        self._length = max(self._length, len(text))

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o644)
        self._length = os.fstat(self._file).st_size
        weakref.finalize(self, os.close, self._file)


def is_journal(path: Path) -> bool:
    """Whether a file is a journal, by its name."""
    return path.match(_NAME.format("*"))


def journals(folders: Iterable[str | os.PathLike[str]]) -> Iterator[History]:
    """The histories in the journals of folders.

    Raises:
        ValueError: if one is damaged.
    """
    for folder in dict.fromkeys(map(str, folders)):
        for path in sorted(Path(folder).glob(_NAME.format("*"))):
            try:
                counts, page = path.read_text(encoding="utf-8").split("\n", 1)
                yield Page.from_text(page).history(Counts(*json.loads(counts)))
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise ValueError(
                    f"{path} counts the private steps of a training, and is damaged: "
                    "how many were done cannot be told. Restore it from a copy; "
                    "without it only those of the checkpoint would be counted. "
                    f"({error})"
                ) from error

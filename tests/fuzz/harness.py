"""Damages files by a seed, and counts what comes of reading them."""

import json
import os
import random
import select
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fuzz.door import Door, find

FAULTS = ("wrong", "raw error", "file not named", "crash", "hang")
_START = 300.0  # seconds within which a worker must have read the original


@dataclass
class Counts:
    """What came of reading damaged files.

    Attributes:
        outcomes: how many files by outcome: ``"right"``, ``"refused"`` (an error of
            the package that names the file), one of `FAULTS`, or a word of the
            door's own judge.
        faults: of those of `FAULTS`, the number of the case, what was done to the
            file, the outcome, and the error.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, number: int, done: str, outcome: str, detail: str) -> None:
        """Count one file."""
        self.outcomes[outcome] += 1
        if outcome in FAULTS:
            self.faults.append(f"case {number}: {done}: {outcome} {detail}")

    def __str__(self) -> str:
        counts = ", ".join(f"{n} {name}" for name, n in self.outcomes.most_common())
        return f"{sum(self.outcomes.values())} files: {counts}"


def run(name: str, cases: int, seed: int = 0, first: int = 0) -> Counts:
    """Read so many damaged files through a door.

    Args:
        name: of the door, ``module:ATTRIBUTE``.
        cases: how many files.
        seed: that decides, with its number, what is done to a file.
        first: number of the first file, to repeat a single one.
    """
    door, counts = find(name), Counts()
    with TemporaryDirectory() as scratch:
        original = door.make(_folder(Path(scratch) / "original"))
        reader = _Reader(name, original, Path(scratch) / "stderr", door.seconds)
        try:
            for number in range(first, first + cases):
                path, done = _damaged(door, original, Path(scratch), number, seed)
                counts.add(number, done, *reader.read(path))
                shutil.rmtree(Path(scratch) / "damaged")
        finally:
            reader.stop()
    return counts


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _damaged(
    door: Door, original: Path, scratch: Path, number: int, seed: int
) -> tuple[Path, str]:
    """A damaged copy of the original, and what was done to it."""
    # Beside it may lie what belongs to it.
    shutil.copytree(scratch / "original", scratch / "damaged")
    path = scratch / "damaged" / original.relative_to(scratch / "original")
    rng = random.Random(f"{seed} {number}")
    mutation = door.mutations[number % len(door.mutations)]
    return path, mutation(path, rng)


class _Reader:
    """A worker process, started anew after a crash or a hang.

    Args:
        name: of the door.
        original: to compare with.
        log: file for what the worker writes to stderr.
        seconds: that it may take for one file.
    """

    def __init__(self, name: str, original: Path, log: Path, seconds: float) -> None:
        self._command = [sys.executable, "-m", "fuzz.worker", name, str(original)]
        self._log, self._seconds = log, seconds
        self._process: subprocess.Popen[bytes] | None = None

    def read(self, path: Path) -> tuple[str, str]:
        """The outcome of reading a file, and its detail."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(os.fsencode(path) + b"\n")
        process.stdin.flush()
        answer = self._answer(self._seconds)
        if isinstance(answer, dict):
            return answer["outcome"], answer["detail"]
        self.stop()
        return answer, "" if answer == "hang" else self._last_words(process.returncode)

    def _start(self) -> None:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(_paths())},
            )
        answer = self._answer(_START)
        if answer != {"outcome": "ready", "detail": ""}:
            self.stop()
            raise RuntimeError(f"The original cannot be read: {self._last_words(0)}")

    def _answer(self, seconds: float) -> dict[str, Any] | str:
        assert self._process is not None
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], seconds)
        if not ready:
            return "hang"
        line = self._process.stdout.readline()
        return json.loads(line) if line else "crash"

    def _last_words(self, code: int) -> str:
        words = self._log.read_text(errors="replace")[-500:]
        return f"(exit {code}): {words}"

    def stop(self) -> None:
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _paths() -> Iterator[str]:
    """Where the worker finds what this process does."""
    return (path for path in sys.path if path)

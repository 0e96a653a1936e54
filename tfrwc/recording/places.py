"""Where a recording is written: a path, or one for each of several trainings."""

import os
import string
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from tfrwc._common.files import partial_path
from tfrwc._common.paths import local_path
from tfrwc.recording.initial import initial_path

_NUMBERS = ("trial", "fold")
_NAMES = (*_NUMBERS, "time")


class _Time(datetime):
    def __format__(self, spec: str) -> str:
        return super().__format__(spec or "%Y-%m-%d_%H-%M-%S-%f")


class Places:
    """The paths that a path stands for.

    Args:
        path: of a file. ``{trial}`` and ``{fold}`` both stand for a number, from 1,
            that is chosen so that there is no such file yet; ``{time}`` for when the
            training begins. They may have a format: ``{trial:03}``, ``{time:%Y}``.
            Braces that are meant are doubled.

    Attributes:
        path: as it was given, absolute.
        vary: whether it stands for several.

    Raises:
        ValueError: if `path` is not the path of a local file, or has other braces.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        name = "RWCCallback's path"
        self.path = local_path(path, name)
        if not self.path.name or os.fspath(path) in (".", ".."):
            raise ValueError(
                f"{name} must be that of a file, or None to keep the recording in "
                f"memory. Received: {path!r}."
            )
        try:
            parts = [*string.Formatter().parse(str(self.path))]
            if others := {field for _, field, _, _ in parts} - {None, *_NAMES}:
                raise KeyError(*others)
            self.at(1)
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise ValueError(
                f"{name} may have {', '.join(f'{{{name}}}' for name in _NAMES)} in "
                f"braces; write {{{{ and }}}} for braces in its name. Received: "
                f"{path!r} ({error!r})."
            ) from error
        self.vary = any(field is not None for _, field, _, _ in parts)
        if not self.vary:
            self.path = self.at(1)

    def at(self, number: int) -> Path:
        """The path of that number, at this time."""
        values = {**dict.fromkeys(_NUMBERS, number), "time": _Time.now()}
        return Path(str(self.path).format(**values))

    def example(self) -> Path:
        """A path in the folder that they all lie in."""
        folders = (folder for folder in self.path.parents if "{" not in str(folder))
        return next(folders) / self.at(1).name if self.vary else self.path

    def candidates(self) -> Iterator[Path]:
        """Paths without end, of which to take the first that is free."""
        return map(self.at, count(1))


def aside(path: Path, why: str) -> Path:
    """A name beside `path` that is not taken: ``run.why-1.parquet``."""
    names = (f"{path.stem}.{why}-{i}{path.suffix}" for i in count(1))
    return next(p for p in map(path.with_name, names) if not p.exists())


def check_writable(path: Path) -> None:
    """Check that a recording can be written, and make its folder.

    Raises:
        OSError: if it cannot.
    """
    # The longest of the names that will be written.
    probe = partial_path(initial_path(path))
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

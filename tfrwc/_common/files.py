"""Files that are either whole or not there."""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], mode: str = "wb") -> Iterator[IO]:
    """Write a file beside `path`, and put it in its place once it is whole.

    A reader, or a process killed at any moment, finds the old file or the new one,
    never a part. An exception within the block leaves the old file as it was. Of
    several writers at once, the last one's file stays, whole.

    Args:
        path: of the file; its folder must exist.
        mode: ``"wb"``, or ``"w"`` for text in UTF-8.

    Yields:
        The open file.

    Raises:
        FileNotFoundError: if there is no such folder.
        OSError: if it cannot be written.
    """
    path = Path(path)
    check_folder(path)
    partial = partial_path(path)
    try:
        with open(partial, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def check_folder(path: Path) -> None:
    """Check that there is a folder that a file can be written to.

    Raises:
        FileNotFoundError: if there is none.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(
            f"There is no folder {path.parent} to write {path.name} to. Make it, or "
            "give another path."
        )


def partial_path(path: Path) -> Path:
    """A name beside `path` that no other writer has."""
    return path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}.partial")


def remove_partials(path: Path) -> None:
    """Remove what killed writers of `path` left, where nobody is writing it now."""
    ours = re.compile(re.escape(path.name) + r"\.\d+-[0-9a-f]{8}\.partial")
    for other in path.parent.iterdir():
        if ours.fullmatch(other.name):
            other.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file in UTF-8, whole or not at all; see `replacing`."""
    with replacing(path, "w") as file:
        file.write(text)

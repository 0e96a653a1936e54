"""Files that are either whole or not there."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], mode: str = "wb") -> Iterator[IO]:
    """Write a file beside `path`, and put it in its place once it is whole.

    A reader, or a process killed at any moment, finds the old file or the new one,
    never a part. An exception within the block leaves the old file as it was.

    Args:
        path: of the file; its folder must exist.
        mode: ``"wb"``, or ``"w"`` for text in UTF-8.

    Yields:
        The open file.

    Raises:
        OSError: if it cannot be written.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    try:
        with open(partial, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file in UTF-8, whole or not at all; see `replacing`."""
    with replacing(path, "w") as file:
        file.write(text)

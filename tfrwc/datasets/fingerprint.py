"""Whether files are still those that were read."""

import hashlib
import os
from pathlib import Path

from tfrwc.datasets.files import data_files

_BLOCK = 2**20


def fingerprint(path: str | os.PathLike[str], times: bool = True) -> str:
    """16 hexadecimal digits that change when the files do.

    Names, sizes, times of change and contents count, so that a file is another also if
    it was replaced by one of the same size and time. Reading takes about a second per
    gigabyte.

    Args:
        path: of a file, or of a folder with files; those that
            `tfrwc.datasets.files.is_data` knows as no data do not count.
        times: whether times of change count; a copy has others.

    Raises:
        FileNotFoundError: if there is nothing at `path`.
        OSError: if a file cannot be read.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    digest = hashlib.sha256()
    for file in data_files(path) if path.is_dir() else [path]:
        name = file.relative_to(path.parent).as_posix()
        digest.update(f"{name}\n".encode("utf-8", "surrogateescape"))
        if file.is_file():  # and no pipe, nor a link to nowhere
            status = file.stat()
            time = status.st_mtime_ns if times else 0
            digest.update(f"{status.st_size}\n{time}\n".encode())
            digest.update(bytes.fromhex(contents(file)))
    return digest.hexdigest()[:16]


def contents(file: Path) -> str:
    """SHA-256 of what is in a file, in hexadecimal.

    Raises:
        OSError: if it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with file.open("rb") as data:
            while block := data.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise OSError(
            f"{file} cannot be read ({error}). Allow it, or remove it."
        ) from error
    return digest.hexdigest()

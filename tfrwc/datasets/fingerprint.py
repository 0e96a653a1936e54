"""Whether files are still those that were read."""

import hashlib
import os
from pathlib import Path


def fingerprint(path: str | os.PathLike[str]) -> str:
    """16 hexadecimal digits that change when the files do.

    Contents are not read: a file has changed when its name, size or time of change has.

    Args:
        path: of a file, or of a folder with files.

    Raises:
        FileNotFoundError: if there is nothing at `path`.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no file or folder {path}.")
    files = (
        [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    )
    digest = hashlib.sha256()
    for file in files:
        status = file.stat()
        name = file.relative_to(path.parent).as_posix()
        digest.update(f"{name}\n{status.st_size}\n{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]

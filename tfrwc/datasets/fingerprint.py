"""Whether files are still those that were read."""

import hashlib
from pathlib import Path


def fingerprint(path) -> str:
    """Changes when a file in a folder, or one file, does: in name, size or time.

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
        found = file.stat()
        name = file.relative_to(path.parent).as_posix()
        digest.update(f"{name}\n{found.st_size}\n{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]

"""The one door for the paths that users give."""

import errno
import os
import re
from pathlib import Path

# Two letters or more: `C:/runs` is a drive. One slash is enough, since pathlib makes
# one of two: Path("gs://bucket") is gs:/bucket. fsspec chains schemes by "::".
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:(:|/)")


def local_path(path: object, name: str = "path") -> Path:
    """The absolute path of a local file or folder that a user has named.

    It is made absolute at once, so that a later `os.chdir` does not move it. ``~`` and
    ``~user`` are expanded.

    Args:
        path: str, bytes or `os.PathLike`.
        name: what the caller calls it, for the message.

    Raises:
        ValueError: if it is no path, empty, no name that a file can have, or the
            address of a remote store, such as ``gs://bucket/run.parquet``.
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise ValueError(f"{name} must be a path. Received: {path!r}.")
    text = os.fsdecode(path)
    if not text or "\0" in text:
        raise ValueError(
            f"{name} must be the path of a file or folder. Received: {path!r}."
        )
    if _SCHEME.match(text) or "://" in text:
        raise ValueError(
            f"{name} must be a local path. Received: {path!r}, the address of another "
            "store. Give a path on a local or mounted disk, and copy what is written "
            "there to the store afterwards (by fsspec, gsutil or the like)."
        )
    expanded = os.path.expanduser(text)
    if expanded.startswith("~"):
        raise ValueError(
            f"{name} names the home of a user that is not known here. Received: "
            f"{path!r}. For a name that begins with ~, give an absolute path."
        )
    _check_name(expanded, path, name)
    try:
        return Path(expanded).absolute()
    except OSError as error:
        raise ValueError(
            f"{name} is relative, and there is no working folder ({error}). Received: "
            f"{path!r}. Give an absolute path."
        ) from error


def _check_name(text: str, path: object, name: str) -> None:
    """Check that a file can be called so, whether or not there is one."""
    try:
        os.stat(text)
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} has characters that no file name can have. Received: {path!r}."
        ) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise ValueError(
                f"{name} is longer than the file system allows. Received: {path!r}. "
                "Give a shorter one."
            ) from error
        if error.errno == errno.ELOOP:
            raise ValueError(
                f"{name} is a link that leads back to itself. Received: {path!r}. "
                "Remove it, or give another."
            ) from error

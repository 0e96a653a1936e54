"""A lock that one process holds, and that ends with it however it ends."""

import contextlib
import errno
import json
import os
import socket
import sys
import warnings
import weakref
from pathlib import Path
from typing import IO, Any

from tfrwc._common.timestamps import utc_now

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_UNSUPPORTED = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
_PLACE = 1 << 30  # of the byte that is locked on Windows, where such bytes are hidden


class LockedError(OSError):
    """Another owner holds the lock; the message says who, where and since when."""


class Lock:
    """Holds the lock of a file, from when it is made until `release`.

    The operating system takes it back when the process ends, killed or not. Forked
    processes do not keep it. While it is held, a note of its owner lies beside the
    file, in ``<name>.lock``.

    Args:
        path: of the file, which need not exist; its folder must.

    Raises:
        LockedError: if another process, or another `Lock` of this one, holds it.
        OSError: if the lock's file cannot be written.

    Warns:
        RuntimeWarning: if the file system has no locks; then it holds nothing.
    """

    def __init__(self, path: Path) -> None:
        place = path.with_name(path.name + ".lock")
        file = _locked(place, path)
        note = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": utc_now(),
            "began": _began(os.getpid()),
        }
        file.truncate(0)
        file.write(json.dumps(note).encode())
        file.flush()
        self._file = file
        _HELD.add(self)
        # Also when the object is forgotten, and at the end of Python.
        self.release = weakref.finalize(self, _release, file, place, os.getpid())


def is_held(path: Path) -> bool:
    """Whether anybody holds the lock of a file, as far as can be told from here.

    That a process on another host has ended cannot: its lock counts as held.
    """
    place = path.with_name(path.name + ".lock")
    try:
        note = json.loads(place.read_bytes())
        if note["host"] != socket.gethostname():
            return True
        began = _began(int(note["process"]))
        return began is not None and began == note.get("began", began)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return True  # by one who is just writing the note


def _began(process: int) -> str | None:
    """What tells a process of this host from others that had its number before; empty
    where the system does not say, None if there is no such process."""
    if not Path("/proc/self/stat").exists():
        return "" if sys.platform == "win32" or _is_there(process) else None
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    # After the name, which is in brackets, come the state and 18 others before it.
    state, *others = stat.rpartition(")")[2].split()
    return None if state == "Z" else others[18]


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


_HELD: "weakref.WeakSet[Lock]" = weakref.WeakSet()


def _forget_in_child() -> None:
    # Else a child that outlives its killed parent would hold the lock on. Closing the
    # copy leaves the parent's lock as it is.
    for lock in _HELD:
        lock._file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


def _locked(place: Path, path: Path) -> IO[Any]:
    """The lock's file, open and locked."""
    while True:
        file = open(place, "a+b")  # noqa: SIM115  # stays open while it is held
        try:
            _lock_now(file, path)
            if _is_at(file, place):
                return file
        except BaseException:
            file.close()
            raise
        file.close()  # its owner has just released and removed it


def _lock_now(file: IO[Any], path: Path) -> None:
    try:
        if sys.platform == "win32":
            file.seek(_PLACE)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise LockedError(
                f"{path} is being written by {_owner(file)}. Wait for it or end it, or "
                "give another path."
            ) from error
        warnings.warn(
            f"{path} lies on a file system without locks ({error}). Take care that "
            "nothing else writes it.",
            RuntimeWarning,
            stacklevel=5,
        )


def _owner(file: IO[Any]) -> str:
    file.seek(0)
    try:
        note = json.loads(file.read(1000))
        return f"process {note['process']} on {note['host']} since {note['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"  # which is just writing its note


def _is_at(file: IO[Any], place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(place))
    except FileNotFoundError:
        return False


def _release(file: IO[Any], place: Path, process: int) -> None:
    if os.getpid() != process:
        return  # a forked copy; see _forget_in_child
    with contextlib.suppress(OSError):  # a folder that is gone
        if sys.platform == "win32":
            file.close()  # there, an open file cannot be removed
            place.unlink()
        elif _is_at(file, place):
            place.unlink()
    file.close()

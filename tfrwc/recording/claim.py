"""Which fit may write a path: one at a time, in this process and in all others."""

import os
import threading
import weakref
from collections.abc import Iterable
from itertools import chain, pairwise
from pathlib import Path

from tfrwc._common.locks import Lock, LockedError

_CLAIMS: "weakref.WeakValueDictionary[str, Claim]" = weakref.WeakValueDictionary()
_ONE_AT_A_TIME = threading.Lock()


class Claim:
    """The right to write a path, until `release` or the end of the process.

    A fit that was interrupted, or raised an exception, does not say that it has ended.
    So a later fit in the same thread takes its claim over: then it no longer runs.

    Args:
        path: of a file; its folder must exist.
        fit: an object that all callbacks of one fit share, and of no other fit; None
            if there is none.

    Attributes:
        path: of the file.

    Raises:
        LockedError: if another fit that may yet run has it.
        OSError: if it cannot be locked.
    """

    def __init__(self, path: Path, fit: object) -> None:
        self.path = path
        self._fit, self._thread = fit, threading.current_thread()
        place = os.path.realpath(path)
        with _ONE_AT_A_TIME:
            other = _CLAIMS.get(place)
            if other is not None and other.is_held:
                other._check_is_over(fit)
                other.release()
            self._lock = Lock(path)
            _CLAIMS[place] = self

    @property
    def is_held(self) -> bool:
        """Whether it was neither released nor taken over."""
        return self._lock.release.alive

    def release(self) -> None:
        """Let others write the path."""
        self._lock.release()

    def _check_is_over(self, fit: object) -> None:
        if fit is not None and fit is self._fit:
            raise LockedError(
                f"Another callback of this fit records to {self.path} already. Give "
                "each a path of its own."
            )
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            raise LockedError(
                f"A fit in the thread {self._thread.name!r} of this process is "
                f"recording to {self.path}. Wait for it or end it, or give another "
                "path."
            )


def first_free(paths: Iterable[Path], fit: object) -> Claim:
    """Claim the first path at which there is no file, and that nobody else has.

    Args:
        paths: without end. One that comes twice running is taken as it is.
        fit: as of `Claim`.

    Raises:
        LockedError: if all paths are the same, and another fit has it.
        OSError: if it cannot be locked, for another reason.
    """
    for before, path in pairwise(chain([None], paths)):
        if path == before:
            return Claim(path, fit)
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            claim = Claim(path, fit)
        except LockedError:
            continue
        if not path.exists():  # written and released in the meantime
            return claim
        claim.release()
    raise AssertionError("there is always a next path")

"""What is being done, how far it is, and how long it may still take.

Whatever takes long says so, and need not know whether anybody looks:

>>> with doing("file", of=3) as files:
...     for name in files.each(["a", "b", "c"]):
...         files.label
'file 1 of 3'
'file 2 of 3'
'file 3 of 3'

`tfrwc._common.status_line` shows it. What is done in other threads and processes says
nothing here.
"""

import contextlib
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")


class Activity:
    """Something that takes a while, perhaps in parts.

    Args:
        what: it is, in a few words; empty for one that need not be named.
        of: how many parts it has, all alike; 0 if that is not known.
        kinds: in place of `of`, what kind of part each is. Parts of one kind are
            expected to take as long as each other.

    Attributes:
        what: as above.
        note: shown behind it, for example a loss.
        began: when, in seconds of `time.monotonic`.
        around: the activity that this one is a part of, or None.
        within: the activity that is a part of this one at the moment, or None.
    """

    def __init__(self, what: str, of: int = 0, kinds: Sequence[str] = ()) -> None:
        self.what, self.note = what, ""
        self.began = self._part_began = time.monotonic()
        self.around: Activity | None = None
        self.within: Activity | None = None
        self._counted = not kinds
        self._kinds = list(kinds) or [what] * of
        self._left: dict[str, float] = dict(Counter(self._kinds))
        # Of each kind, what parts of it took, and how many these were.
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._taken: defaultdict[str, float] = defaultdict(float)
        self._done = 0.0
        self._skips: list[bool] = []  # of the present part

    @property
    def label(self) -> str:
        """What is being done, for example ``"epoch 3 of 20, loss 0.2"``."""
        text = self.what
        if self._counted and self._kinds:
            text += f" {self._present() + 1} of {len(self._kinds)}"
        return f"{text}, {self.note}" if self.note else text

    def advance(self) -> None:
        """One more part is done."""
        self.reach(math.floor(self._done) + 1)

    def reach(self, done: float) -> None:
        """So many parts are done, counted from the beginning; 2.5 is half of the third.

        Parts that were skipped, as `skip` says, tell nothing of how long others take.
        """
        parts, now = min(done, len(self._kinds)) - self._done, time.monotonic()
        if parts <= 0:
            return
        kind = self._kinds[self._present()]
        if not self._is_skipped():
            self._seconds[kind] += now - self._part_began
            self._taken[kind] += parts
        self._left[kind] -= parts
        self._done += parts
        if abs(self._done - round(self._done)) < 1e-9:
            self._done = float(round(self._done))
        self._part_began, self._skips = now, []

    def skip(self) -> None:
        """The present part takes no time, as it was done before."""
        self._skips.append(True)

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Items, each of which is a part."""
        for item in items:
            yield item
            self.advance()

    def remaining(self) -> float | None:
        """Seconds that it may still take, by what its parts took; None if unknown.

        It is unknown, too, while a part takes longer than those of its kind did, as an
        epoch does that begins with a compilation.
        """
        inner = self.within
        within = None if inner is None else inner.remaining()
        if not self._kinds:
            return within
        if self._done >= len(self._kinds):
            return 0.0
        elapsed = time.monotonic() - self._part_began
        kind = self._kinds[self._present()]
        taken = dict(self._taken)  # another thread may add to it
        pace = {k: self._seconds[k] / parts for k, parts in taken.items()}
        if within is not None:
            pace.setdefault(kind, elapsed + within)
        if not pace:
            return None
        typical = sum(pace.values()) / len(pace)
        rest = sum(pace.get(k, typical) * parts for k, parts in self._left.items())
        here = pace.get(kind, typical) * (1 - self._done % 1)
        if within is None and elapsed > here:
            return None
        return rest - here + (here - elapsed if within is None else within)

    def was_skipped(self) -> bool:
        """Whether all that there was to do had been done before."""
        return not self._taken if self._done else self._is_skipped()

    def ends(self, part: "Activity") -> None:
        """An activity within this one is over."""
        self.within = None
        self._skips.append(part.was_skipped())

    def _is_skipped(self) -> bool:
        return bool(self._skips) and all(self._skips)

    def _present(self) -> int:
        return min(math.floor(self._done), len(self._kinds) - 1)


_NOW: ContextVar[Activity | None] = ContextVar("what is being done", default=None)


@contextlib.contextmanager
def doing(what: str, of: int = 0, kinds: Sequence[str] = ()) -> Iterator[Activity]:
    """Say what is done within this context; see `Activity` for the arguments."""
    activity = Activity(what, of, kinds)
    around = activity.around = _NOW.get()
    if around is not None:
        around.within = activity
    _NOW.set(activity)
    try:
        yield activity
    finally:
        _NOW.set(around)
        if around is not None:
            around.ends(activity)

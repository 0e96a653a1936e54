"""A line that says what a command is doing, how long it has, and how long it may take.

    epoch 3 of 20, loss 0.51: 0:12, about 3 min left in all

In a terminal it moves, whatever the process is busy with; into a file or a pipe, and on
a terminal that cannot move its cursor, it is written now and then, ever more rarely.
It has no colours. Programs that only use the package see none of it.
"""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from tfrwc._common.activity import Activity, doing

_PER_SECOND = 4
_FIRST = 10.0  # seconds until the first line of a file
_RARER = 0.1  # of the time until now, between lines
_KNOWN_AFTER = 5.0  # seconds; what takes less need not be foreseen


@contextlib.contextmanager
def shown(what: str, of: int = 0, kinds: Sequence[str] = ()) -> Iterator[Activity]:
    """Show what is done within this context, on stderr.

    Within another one, this is `tfrwc._common.activity.doing`.

    Args:
        what, of, kinds: see `tfrwc._common.activity.Activity`.
    """
    with doing(what, of, kinds) as activity:
        if activity.around is not None:
            yield activity
            return
        show = _moving if _moves() else _now_and_then
        with show(activity):
            yield activity


def parts_of_line(whole: Activity) -> tuple[str, str]:
    """What the line says at the moment: what is being done, and times.

    Args:
        whole: of which the innermost activity is named, with that around it.
    """
    activities = [whole]
    while (within := activities[-1].within) is not None:
        activities.append(within)
    labels = [a.label for a in activities[1:] if a.label] or [whole.label]
    now = time.monotonic()
    times = f": {clock(now - activities[-1].began)}"
    left = whole.remaining() if now - whole.began > _KNOWN_AFTER else None
    if left is not None:
        times += f", {about(left)} left in all"
    return ", ".join(labels[-2:]), times


def clock(seconds: float) -> str:
    """Time that has passed.

    >>> clock(7.8), clock(3725)
    ('0:07', '1:02:05')
    """
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def about(seconds: float) -> str:
    """Time that is estimated, no more exactly than it can be known.

    >>> about(3), about(40), about(200), about(1000), about(8000), about(1e6)
    ('a few seconds', 'about a minute', 'about 3 min', 'about 15 min', 'about 2 h',
    'about 12 days')
    """
    if seconds < 20:
        return "a few seconds"
    if seconds < 90:
        return "about a minute"
    minutes = seconds / 60
    if minutes < 10:
        return f"about {round(minutes)} min"
    if minutes < 57:
        return f"about {5 * round(minutes / 5)} min"
    if minutes < 48 * 60:
        return f"about {round(minutes / 60)} h"
    return f"about {round(minutes / 60 / 24)} days"


def _moves() -> bool:
    """Whether all output is on a terminal that can move its cursor."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return False
    from rich.console import Console

    return Console(stderr=True).is_interactive


@contextlib.contextmanager
def _moving(whole: Activity) -> Iterator[None]:
    from rich.console import Console
    from rich.live import Live

    # A way to the terminal of its own, which stays when others redirect theirs. What is
    # printed meanwhile comes above the line, which is gone at the end.
    with open(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding) as own:
        console = Console(file=own, highlight=False)
        with Live(
            get_renderable=lambda: _fitted(whole, console.width),
            console=console,
            refresh_per_second=_PER_SECOND,
            transient=True,
        ):
            yield


def _fitted(whole: Activity, width: int) -> Any:
    from rich.text import Text

    turning = "|/-\\"[int(time.monotonic() * _PER_SECOND) % 4]
    what, times = parts_of_line(whole)
    text = Text(f"{turning} {what}", no_wrap=True, overflow="ellipsis")
    text.truncate(max(width - len(times), 1), overflow="ellipsis")
    return text.append(times)


@contextlib.contextmanager
def _now_and_then(whole: Activity) -> Iterator[None]:
    over = threading.Event()
    stream = sys.stderr

    def write() -> None:
        while not over.wait(max(_FIRST, _RARER * (time.monotonic() - whole.began))):
            print(*parts_of_line(whole), sep="", file=stream, flush=True)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()

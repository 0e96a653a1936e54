"""Doors: by name, what a higher room does for a class of a lower one.

A recording lies below the rooms that explain and draw it, and may not import them. Yet
``recording.summary()`` is where people look. So `Recording` opens a door by its name,
and `tfrwc/__init__.py`, which is above all rooms and is always imported first, says
which function is behind it.

>>> provide("shout", lambda: str.upper)
>>> behind("shout")("quiet")
'QUIET'
"""

from collections.abc import Callable
from typing import Any

Answer = Callable[..., Any]

_LOADERS: dict[str, Callable[[], Answer]] = {}


def provide(name: str, loader: Callable[[], Answer]) -> None:
    """Say what is behind a door, in place of anything that was there.

    Args:
        name: of the door.
        loader: called each time that the door is opened, so that the room is imported
            only then; it returns the function that is behind the door.
    """
    _LOADERS[name] = loader


def behind(name: str) -> Answer:
    """The function behind a door.

    Raises:
        NotImplementedError: if nothing is.
    """
    if name not in _LOADERS:
        raise NotImplementedError(
            f"This version of tfrwc has nothing that does {name!r}. It has: "
            f"{', '.join(sorted(_LOADERS)) or 'nothing'}."
        )
    return _LOADERS[name]()

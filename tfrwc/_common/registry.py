"""Things that are chosen by name, and to which users add their own.

>>> shapes = Registry("shape")
>>> shapes.register("round", 0.5)
>>> shapes["round"]
0.5
>>> shapes["flat"]
Traceback (most recent call last):
...
ValueError: There is no shape 'flat'. Choose from: round.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from names to things of one kind, in the order of registration.

    Args:
        kind: what it holds, in the singular, for messages.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[str, T] = {}

    def register(self, name: str, item: T) -> None:
        """Add an item.

        Raises:
            ValueError: if the name is taken by another item, or is no name.
        """
        if not isinstance(name, str) or not name:
            raise ValueError(
                f"The name of a {self._kind} must be a string that is not empty. "
                f"Received: {name!r}."
            )
        if self._items.get(name, item) is not item:
            raise ValueError(
                f"There is already a {self._kind} {name!r}. Choose another name."
            )
        self._items[name] = item

    def unregister(self, name: str) -> None:
        """Remove an item, for example at the end of a test.

        Raises:
            ValueError: if there is none of this name.
        """
        _ = self[name]
        del self._items[name]

    @contextlib.contextmanager
    def preserved(self) -> Iterator[None]:
        """Take back, at the end of the block, what was registered in it."""
        items = dict(self._items)
        try:
            yield
        finally:
            self._items.clear()
            self._items.update(items)

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            raise ValueError(
                f"There is no {self._kind} {name!r}. Choose from: "
                f"{', '.join(self._items)}."
            )
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Registry({self._kind!r}: {', '.join(self._items)})"

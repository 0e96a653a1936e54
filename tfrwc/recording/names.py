"""What layers are called wherever people read of them.

>>> table = pd.DataFrame(
...     {
...         "name": ["stem/kernel", "dense/kernel", "dense/kernel#2"],
...         "path": ["net/stem/kernel", "net/a/dense/kernel", "net/b/dense/kernel"],
...     }
... )
>>> display_names(table)
['stem/kernel', 'a/dense/kernel', 'b/dense/kernel']
>>> shortened("block_" + 100 * "very_" + "deep/kernel", most=24)
'block_very_v…deep/kernel'
>>> distinct(["encoder/first/attention/kernel", "encoder/second/attention/kernel"], 14)
['first/…/kernel', 'se…nd/…/kernel']
"""

import re
from collections import Counter
from collections.abc import Sequence

import pandas as pd

MOST = 60
"""Characters of a name on a page, in a picture, or in a sentence."""


def display_names(layers: pd.DataFrame, most: int | None = None) -> list[str]:
    """A name for each watched tensor, which no other of them has.

    It is that of `Recording.layers`, ``layer/variable``; where several tensors would
    have it (blocks built alike), it is their path, which says the block, without what
    the paths of all tensors begin with, such as the model's name.

    Args:
        layers: table of a recording, with the columns name and path.
        most: characters from which on the middle is left out; None for whole names.
    """
    plain = [re.sub(r"#\d+$", "", name) for name in layers["name"]]
    times = Counter(plain)
    begin = _shared_beginning(list(layers["path"]))
    # Without a path, as in tables made by hand, nothing tells more than the name.
    names = [
        path[begin:] if times[base] > 1 and path else name
        for base, name, path in zip(plain, layers["name"], layers["path"], strict=True)
    ]
    if most is not None:
        names = distinct(names, most)
    counted: Counter[str] = Counter()
    return [numbered(name, counted) for name in names]


def shortened(name: str, most: int = MOST) -> str:
    """A name of at most so many characters, with an ellipsis for its middle.

    It stands on one line: what breaks lines, or cannot be seen, becomes a space.
    """
    name = "".join(c if c.isprintable() else " " for c in name)
    if len(name) <= most:
        return name
    tail = (most - 1) // 2
    return f"{name[: most - 1 - tail]}…{name[len(name) - tail :]}"


def distinct(names: Sequence[str], most: int = MOST) -> list[str]:
    """The names, shortened so that those that differ still do.

    Where their middles are what differs, all parts of a path that do are kept in part,
    and those that do not are left out.
    """
    labels = [shortened(name, most) for name in names]
    for alike in _alike(names, labels):
        differing = _differing([names[i].split("/") for i in alike])
        for i, parts in zip(alike, differing, strict=True):
            labels[i] = _abridged(parts, most)
    for alike in _alike(names, labels):
        numbers = {names[i]: None for i in alike}
        for number, name in enumerate(numbers, 1):
            mark = f" ({number})"
            for i in alike:
                if names[i] == name:
                    labels[i] = shortened(name, max(most - len(mark), 3)) + mark
    return labels


def _alike(names: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    """Places of different names whose labels are equal."""
    places: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        places.setdefault(label, []).append(i)
    return [some for some in places.values() if len({names[i] for i in some}) > 1]


def _differing(paths: list[list[str]]) -> list[list[str]]:
    """The parts in which paths differ, and the last, with an ellipsis for others."""
    shortest = min(map(len, paths)) - 1
    before = next(
        (i for i in range(shortest) if len({path[i] for path in paths}) > 1), shortest
    )
    after = next(
        (i for i in range(shortest) if len({path[-1 - i] for path in paths}) > 1),
        shortest,
    )
    result = []
    for path in paths:
        middle = path[before : max(len(path) - max(after, 1), before)]
        gap = ["…"] if after > 1 else []
        result.append([*middle, *gap, path[-1]])
    return result


def _abridged(parts: list[str], most: int) -> str:
    """Parts of a path, each shortened in its middle until all fit."""
    parts = list(parts)
    while len("/".join(parts)) > most:
        longest = max(range(len(parts)), key=lambda i: (len(parts[i]), -i))
        if len(parts[longest]) <= 4:
            return shortened("/".join(parts), most)
        parts[longest] = shortened(parts[longest], len(parts[longest]) - 1)
    return "/".join(parts)


def _shared_beginning(paths: list[str]) -> int:
    """Characters that all paths begin with, in whole parts; two parts are left."""
    whole = [path.split("/") for path in paths if path]
    most = min((len(parts) - 2 for parts in whole), default=0)
    shared = 0
    while shared < most and len({parts[shared] for parts in whole}) == 1:
        shared += 1
    return sum(len(part) + 1 for part in whole[0][:shared]) if shared > 0 else 0


def some_names(names: list[str], most: int = 5) -> str:
    """The first few names of a list, in words, for a sentence."""
    words = ", ".join(shortened(name) for name in names[:most])
    more = len(names) - most
    return f"{words} and {more} more" if more > 0 else words


def numbered(name: str, names: Counter[str]) -> str:
    """A name, with its number where it was among `names` already; they are counted."""
    names[name] += 1
    return name if names[name] == 1 else f"{name}#{names[name]}"

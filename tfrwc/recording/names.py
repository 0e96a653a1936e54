"""What layers are called wherever people read of them.

>>> table = pd.DataFrame(
...     {
...         "name": ["stem/kernel", "dense/kernel", "dense/kernel#2"],
...         "path": ["net/stem/kernel", "net/a/dense/kernel", "net/b/dense/kernel"],
...     }
... )
>>> display_names(table)
['stem/kernel', 'net/a/dense/kernel', 'net/b/dense/kernel']
>>> shortened("block_" + 100 * "very_" + "deep/kernel", most=24)
'block_very_v…deep/kernel'
"""

import re
from collections import Counter

import pandas as pd

MOST = 60
"""Characters of a name on a page, in a picture, or in a sentence."""


def display_names(layers: pd.DataFrame, most: int | None = None) -> list[str]:
    """A name for each watched tensor, which no other of them has.

    It is that of `Recording.layers`, ``layer/variable``; where several tensors would
    have it (blocks built alike), it is their path, which says the block.

    Args:
        layers: table of a recording, with the columns name and path.
        most: characters from which on the middle is left out; None for whole names.
    """
    plain = [re.sub(r"#\d+$", "", name) for name in layers["name"]]
    times = Counter(plain)
    # Without a path, as in tables made by hand, nothing tells more than the name.
    names = [
        path if times[base] > 1 and path else name
        for base, name, path in zip(plain, layers["name"], layers["path"], strict=True)
    ]
    if most is not None:
        names = [shortened(name, most) for name in names]
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


def some_names(names: list[str], most: int = 5) -> str:
    """The first few names of a list, in words, for a sentence."""
    words = ", ".join(shortened(name) for name in names[:most])
    more = len(names) - most
    return f"{words} and {more} more" if more > 0 else words


def numbered(name: str, names: Counter[str]) -> str:
    """A name, with its number where it was among `names` already; they are counted."""
    names[name] += 1
    return name if names[name] == 1 else f"{name}#{names[name]}"

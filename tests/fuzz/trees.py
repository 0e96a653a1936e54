"""What can happen to plain data, as JSON has them."""

import copy
import json
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fuzz.door import Mutation

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3.5, 10**12, 10**30, -(2**63), 1e308),
    *(math.nan, math.inf, -math.inf, "", "x", "../outside", "\0", "é" * 3, "9" * 5000),
    *([], {}, [[]], [None], {"": None}, [1, "a"], {"a": {"a": {}}}),
)


def change_json(value: Any, rng: random.Random) -> tuple[Any, str]:
    """A copy of plain data with one thing changed, and what that is."""
    value = copy.deepcopy(value)
    places = list(_places(value, ()))
    # Things near the root are few, and as worth a change as those deep down.
    depth = rng.choice(sorted({len(place) for place in places}))
    place = rng.choice([place for place in places if len(place) == depth])
    if not place:
        return rng.choice(STRANGE), "another root"
    parent = value
    for key in place[:-1]:
        parent = parent[key]
    change = rng.choice([_replace, _replace, _remove, _double, _exchange, _nudge])
    change(parent, place[-1], rng)
    return value, f"{change.__name__.strip('_')} {'/'.join(map(str, place))}"


def _places(value: Any, path: tuple[Any, ...]) -> Any:
    yield path
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield from _places(item, (*path, key))


def _replace(parent: Any, key: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(rng.choice(STRANGE))


def _remove(parent: Any, key: Any, rng: random.Random) -> None:
    del parent[key]


def _double(parent: Any, key: Any, rng: random.Random) -> None:
    """An item twice, or an entry under a name that nobody knows."""
    if isinstance(parent, list):
        parent.insert(key, copy.deepcopy(parent[key]))
    else:
        parent[rng.choice([f"{key}2", "unknown", ""])] = copy.deepcopy(parent[key])


def _exchange(parent: Any, key: Any, rng: random.Random) -> None:
    keys = list(parent) if isinstance(parent, dict) else range(len(parent))
    other = rng.choice(list(keys))
    parent[key], parent[other] = parent[other], parent[key]


def _nudge(parent: Any, key: Any, rng: random.Random) -> None:
    """A value of the same type, but another one."""
    old = parent[key]
    if isinstance(old, bool):
        parent[key] = not old
    elif isinstance(old, (int, float)):
        parent[key] = rng.choice([old + 1, -old, old * 2, float(old), old - 1])
    elif isinstance(old, str):
        parent[key] = rng.choice([old + "x", old[:-1], old.upper(), old * 3])
    elif isinstance(old, list):
        parent[key] = rng.choice([old[:-1], old + old, list(reversed(old)), [old]])
    else:
        parent[key] = rng.choice([{}, [old], {"": old}])


def _text(value: Any, rng: random.Random) -> tuple[bytes, str]:
    """The file of some data, most often as it should be, but for its encoding."""
    text = json.dumps(value).encode()
    kind = rng.randrange(40)
    if kind == 0:
        return b"\xef\xbb\xbf" + text, "a byte order mark"
    if kind == 1:
        return text.decode().encode("utf-16"), "UTF-16"
    if kind == 2:
        return text.replace(b'"', b'"\xff', 1), "no UTF-8"
    if kind == 3:
        return b"[" * 100_000 + text, "nested without end"
    if kind == 4:
        return b'{"a":' * 100_000 + text + b"}" * 100_000, "nested deeply"
    if kind == 5:
        return b"9" * 10_000, "a number of 10,000 digits"
    if kind == 6:
        return text + text, "twice"
    return text, ""


def json_file(read: Callable[[Path], Any] | None = None, changes: int = 2) -> Mutation:
    """A mutation of a JSON file: up to so many changes of what it says.

    Args:
        read: the data in a file; by default `json.loads` of its text.
        changes: at most.
    """

    def mutate(path: Path, rng: random.Random) -> str:
        value = json.loads(path.read_text("utf-8")) if read is None else read(path)
        said = []
        for _ in range(rng.randrange(1, changes + 1)):
            value, what = change_json(value, rng)
            said.append(what)
        data, form = _text(value, rng)
        path.write_bytes(data)
        return "; ".join([*said, form])

    return mutate

"""The floors of the house, and which room may import from which."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from house.source import Import, Module, Source


@dataclass(frozen=True)
class Room:
    """A folder or file right below the package.

    Args:
        name: of the folder, or of the file without ``.py``.
        about: what it does, in one line for the picture.
    """

    name: str
    about: str


Floors = tuple[tuple[Room, ...], ...]

FLOORS: Floors = (
    (Room("_common", "checks, whole files, plain data, progress"),),
    (Room("compat", "help for dependencies that need it"),),
    (
        Room("recording", "measure each layer while fit runs"),
        Room("models", "networks of the papers, saved models"),
        Room("privacy", "release images, train, attack, account"),
    ),
    (
        Room("dynamics", "trends, depth, comparisons, advice"),
        Room("disentangle", "β-VAEs: theory, sweeps, scores"),
    ),
    (Room("datasets", "named image sets, builders"),),
    (Room("report", "figures and pages"),),
    (Room("answers", "what recordings say: words, plots, pages"),),
    (Room("studies", "trials, results, verdicts, figures"),),
    (Room("components", "studies as steps of pipelines"),),
    (Room("commands", "the studies as scripts"),),
    (Room("cli", "the command tfrwc"),),
)
"""The rooms, from the ground up. A room imports only from floors below its own."""

# Data drawn from known factors share the checks of the theory that is tested on them.
NEIGHBOURS: frozenset[tuple[str, str]] = frozenset({("datasets", "disentangle")})
"""Pairs of rooms on one floor of which the first may import from the second."""

FACE = "__init__"
"""The package's own `__init__`: above all rooms, and imported by none of them."""

VERSION = "_version"
"""The file with the version: no room, below all of them."""


MAIN = "__main__"
"""``python -m tfrwc``: above all rooms and the face, imported by none."""


def room_of(module: str) -> str:
    """The room of a module, for example ``"privacy"`` of ``tfrwc.privacy.keys``."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else FACE


def wrong_ways(
    source: Source,
    floors: Floors = FLOORS,
    neighbours: Iterable[tuple[str, str]] = NEIGHBOURS,
) -> Iterator[str]:
    """Imports that go up the house, or to a room next door without leave.

    Imports for type checkers alone count too: whoever reads a signature needs the room
    that its types are of.

    Yields:
        A fault in words, with file and line.
    """
    height = {room.name: at for at, rooms in enumerate(floors) for room in rooms}
    height |= {FACE: len(floors), MAIN: len(floors) + 1, VERSION: -1}
    allowed = set(neighbours)
    for module in source.modules.values():
        room = room_of(module.name)
        if room not in height:
            yield f"{module.file}: {room!r} is on no floor of the house"
            continue
        for link in source.imports(module):
            target = room_of(source.target(link))
            if target == room or target not in height:
                continue
            if height[target] > height[room]:
                yield _fault(module, link, room, target, "which is on a higher floor")
            elif height[target] == height[room] and (room, target) not in allowed:
                yield _fault(module, link, room, target, "which is next door")


def _fault(module: Module, link: Import, room: str, target: str, why: str) -> str:
    what = "the face of the package" if target == FACE else target
    return f"{module.file}:{link.line}: {room} imports from {what}, {why}"


def doors(source: Source) -> dict[tuple[str, str], int]:
    """How many imports lead from each room to each other room.

    Returns:
        Of (importing room, imported room) the number of distinct pairs of files,
        without imports for type checkers alone and those of the face.
    """
    pairs = set()
    for module in source.modules.values():
        for link in source.imports(module):
            target = source.target(link)
            rooms = room_of(module.name), room_of(target)
            rooms_differ = rooms[0] != rooms[1] and not {FACE, MAIN, VERSION} & {*rooms}
            if rooms_differ and not link.typing:
                pairs.add((rooms, module.name, target))
    counts: dict[tuple[str, str], int] = {}
    for rooms, _, _ in sorted(pairs):
        counts[rooms] = counts.get(rooms, 0) + 1
    return counts

"""Draws the house: docs/architecture.svg, and the table of rooms in architecture.md.

    python docs/architecture.py

The rooms and their floors are those that `tests/test_architecture.py` holds the imports
against; the arrows and numbers of lines are read from the source.
"""

import html
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from house import floors  # noqa: E402
from house.source import Source  # noqa: E402

PICTURE = ROOT / "docs" / "architecture.svg"
PAGE = ROOT / "docs" / "architecture.md"

WIDTH = 980
BOX = (268, 60)  # pixels
GAP = 44  # between boxes of a floor
PITCH = 104  # from floor to floor
TOP = 96  # room for the roof
Point = tuple[float, float]


def read_house() -> dict:
    """Rooms with their lines of code, and who imports from whom.

    Returns:
        ``rooms``, names to lines; ``doors``, pairs of names, as JSON has them.
    """
    source = Source(ROOT / "tfrwc")
    lines = {room.name: 0 for floor in floors.FLOORS for room in floor}
    for module in source.modules.values():
        room = floors.room_of(module.name)
        if room in lines:
            text = (ROOT / module.file).read_text(encoding="utf-8")
            lines[room] += text.count("\n")
    return {
        "rooms": lines,
        "doors": sorted(list(pair) for pair in floors.doors(source)),
    }


def read_picture(svg: str) -> dict:
    """The data that a picture was drawn from.

    Raises:
        ValueError: if there is none in it.
    """
    match = re.search(r"<metadata>(.*?)</metadata>", svg, re.DOTALL)
    if match is None:
        raise ValueError("There is no <metadata> in the picture: draw it again.")
    return json.loads(html.unescape(match[1]))


def without_detours(doors: list[list[str]]) -> list[tuple[str, str]]:
    """The doors that do not follow from others.

    Who imports from ``report`` may be taken to use what ``report`` imports from: only
    the shorter of two ways is left out, so that the arrows can be followed by eye.
    """
    direct: dict[str, set[str]] = {}
    for room, target in doors:
        direct.setdefault(room, set()).add(target)

    def below(room: str) -> set[str]:
        reached = set(direct.get(room, ()))
        return reached.union(*map(below, reached)) if reached else reached

    return [
        (room, target)
        for room, target in doors
        if not any(target in below(other) for other in direct[room] - {target})
    ]


@dataclass(frozen=True)
class Box:
    """A room in the picture; `x` and `y` are of its upper left corner."""

    room: floors.Room
    floor: int
    x: float
    y: float


def place() -> dict[str, Box]:
    """Each room's box: floors are rows, the ground at the bottom."""
    boxes = {}
    for floor, rooms in enumerate(floors.FLOORS):
        y = TOP + (len(floors.FLOORS) - 1 - floor) * PITCH
        width = len(rooms) * BOX[0] + (len(rooms) - 1) * GAP
        for at, room in enumerate(rooms):
            x = (WIDTH - width) / 2 + at * (BOX[0] + GAP)
            boxes[room.name] = Box(room, floor, x, y)
    return boxes


def route(
    boxes: dict[str, Box], start: Point, end: Point, passed: range, lane: float
) -> str:
    """A way from box to box that goes through the gaps of the floors between.

    Args:
        boxes: all of them.
        start: where it leaves.
        end: where it arrives.
        passed: floors between, from the upper one down.
        lane: how far from the middle of the gaps, so that ways lie side by side.
    """
    points = [start]
    for at, floor in enumerate(passed, 1):
        row = sorted(box.x for box in boxes.values() if box.floor == floor)
        y = next(box.y for box in boxes.values() if box.floor == floor)
        gaps = [row[0] - GAP / 2, *(x + BOX[0] + GAP / 2 for x in row)]
        wish = start[0] + (end[0] - start[0]) * at / (len(passed) + 1)
        x = min(gaps, key=lambda gap: abs(gap - wish)) + lane
        points += [(x, y - 8), (x, y + BOX[1] + 8)]
    return "M" + " L".join(f"{x:.0f},{y:.0f}" for x, y in [*points, end])


def ports(boxes: dict[str, Box], arrows: list[tuple[str, str]]) -> dict:
    """Where along the edges of two boxes each arrow leaves and arrives."""
    at: dict[tuple[str, tuple[str, str]], float] = {}
    for name, box in boxes.items():
        for side in (0, 1):
            mine = [arrow for arrow in arrows if arrow[side] == name]
            mine.sort(key=lambda arrow: (boxes[arrow[1 - side]].x, arrow))
            for rank, arrow in enumerate(mine, 1):
                at[name, arrow] = box.x + BOX[0] * rank / (len(mine) + 1)
    return at


def draw_arrows(boxes: dict[str, Box], arrows: list[tuple[str, str]]) -> Iterator[str]:
    """An arrow from each room to each that it imports from."""
    at = ports(boxes, arrows)
    detours = 0
    for arrow in arrows:
        upper, lower = boxes[arrow[0]], boxes[arrow[1]]
        if upper.floor == lower.floor:
            yield next_door(upper, lower)
            continue
        start = at[arrow[0], arrow], upper.y + BOX[1]
        end = at[arrow[1], arrow], lower.y - 3
        passed = range(upper.floor - 1, lower.floor, -1)
        lane = 8 * (detours % 5 - 2)
        detours += len(passed) > 0
        way = route(boxes, start, end, passed, lane)
        yield (
            f'<path class="arrow" d="{way}"><title>{arrow[0]} imports from '
            f"{arrow[1]}</title></path>"
        )


def next_door(box: Box, other: Box) -> str:
    """An arrow between two rooms of one floor, from side to side."""
    to_the_right = other.x > box.x
    start = box.x + BOX[0] * to_the_right
    end = other.x - 3 if to_the_right else other.x + BOX[0] + 3
    y = box.y + BOX[1] / 2
    return (
        f'<path class="arrow" d="M{start:.0f},{y:.0f} L{end:.0f},{y:.0f}"><title>'
        f"{box.room.name} imports from {other.room.name}</title></path>"
    )


def draw_box(box: Box, lines: int) -> str:
    """A room: its name, its lines and what it does."""
    middle = box.x + BOX[0] / 2
    return (
        f'<rect x="{box.x:.0f}" y="{box.y:.0f}" width="{BOX[0]}" height="{BOX[1]}" '
        'rx="6"/>'
        f'<text class="name" x="{middle:.0f}" y="{box.y + 25:.0f}">{box.room.name}'
        f'<tspan class="lines"> {rounded(lines)} lines</tspan></text>'
        f'<text x="{middle:.0f}" y="{box.y + 46:.0f}">'
        f"{html.escape(box.room.about)}</text>"
    )


def rounded(lines: int) -> str:
    """A number of lines, to the nearest hundred where it is large."""
    return f"{lines if lines < 100 else round(lines, -2):,}"


STYLE = """
text { font: 13px Helvetica, Arial, sans-serif; text-anchor: middle; fill: #334; }
.name { font-size: 16px; font-weight: bold; fill: #123; }
.lines { font-size: 12px; font-weight: normal; fill: #667; }
rect { fill: #eef3f8; stroke: #4a6a8a; }
.roof { fill: #d8e3ee; stroke: #4a6a8a; }
.floor { stroke: #dde3e9; }
.arrow { fill: none; stroke: #7a8fa5; stroke-width: 1.4; stroke-linejoin: round;
  marker-end: url(#head); }
"""


def draw(house: dict) -> str:
    """The picture of `read_house`, as SVG."""
    boxes = place()
    arrows = without_detours(house["doors"])
    height = TOP + (len(floors.FLOORS) - 1) * PITCH + BOX[1] + 16
    data = html.escape(json.dumps(house, indent=1), quote=False)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        "<title>The rooms of tfrwc on their floors</title>",
        f"<metadata>{data}</metadata>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#7a8fa5"/>'
        "</marker></defs>",
        f'<rect width="{WIDTH}" height="{height}" style="fill: white; stroke: none"/>',
        f'<path class="roof" d="M60,{TOP - 20} L{WIDTH / 2:.0f},8 '
        f'L{WIDTH - 60},{TOP - 20} z"/>',
        f'<text class="name" x="{WIDTH / 2:.0f}" y="{TOP - 48}">tfrwc</text>',
        f'<text x="{WIDTH / 2:.0f}" y="{TOP - 30}">public names, each loaded when it '
        "is first used</text>",
        *draw_arrows(boxes, arrows),
        *(draw_box(box, house["rooms"][name]) for name, box in boxes.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def table(house: dict) -> str:
    """All rooms from the roof down, with everything that each imports from."""
    rows = ["| room | what it does | imports from |", "|---|---|---|"]
    for rooms in reversed(floors.FLOORS):
        for room in rooms:
            below = [target for name, target in house["doors"] if name == room.name]
            names = ", ".join(f"`{name}`" for name in below) or "nothing"
            rows.append(f"| `{room.name}` | {room.about} | {names} |")
    return "\n".join(rows)


def with_table(page: str, house: dict) -> str:
    """A page with its table of rooms, which stands between two comments, renewed."""
    before, rest = page.split("<!-- rooms -->\n")
    after = rest.split("<!-- /rooms -->")[1]
    return f"{before}<!-- rooms -->\n{table(house)}\n<!-- /rooms -->{after}"


def main() -> None:
    """Draw the picture and write the table."""
    house = read_house()
    PICTURE.write_text(draw(house), encoding="utf-8")
    page = with_table(PAGE.read_text(encoding="utf-8"), house)
    PAGE.write_text(page, encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}, {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

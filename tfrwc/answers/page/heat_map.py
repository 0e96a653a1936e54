"""The heat map of a page: layers or blocks by records, and the spread of each row."""

from dataclasses import replace

import numpy as np
from markupsafe import Markup

from tfrwc.answers.folding import ROWS, Columns, Row, columns, rows, spread_of
from tfrwc.answers.page.axes import beneath, whole, width_of
from tfrwc.answers.page.svg import Figure, all_fitted, group, isolated, tag
from tfrwc.answers.paints import paint, paints_of
from tfrwc.answers.scales import Scale, scale_of, text_of, tick_text
from tfrwc.answers.view import View
from tfrwc.dynamics.arrays import Floats

NONE, ZERO = "url(#hatch)", "url(#dots)"
_ROW = 13
_TOP, _BOTTOM = 16, 74
_MARGIN = 8
_NARROW = 800  # pixels of width, below which all is closer


def heat_map(
    view: View,
    id: str,
    finding: str,
    width: float = 1080,
    most: int = ROWS,
    colours: Scale | None = None,
) -> Figure:
    """Draw the heat map.

    Args:
        view: of a recording, or of several of one setting.
        id: of the figure on the page.
        finding: what it shows, in a sentence or two.
        width: in pixels.
        most: rows; more layers are folded into blocks.
        colours: of `paints_of`, where other pictures share them; None for its own.
    """
    of = columns(view, 50 if width < _NARROW else 100)
    shown = rows(view, of, most)
    narrow = width < _NARROW
    left = 172.0 if narrow else 230.0
    right = width - (90 if narrow else 128)
    bottom = _TOP + _ROW * len(shown)
    values = np.array([row.median for row in shown])
    colours = paints_of([view], shown) if colours is None else colours
    cell = (right - left) / values.shape[1]
    names = _names(shown, left - 12)
    body = [
        group(
            [_name(row, names[i], left), *_cells(row, of, colours, left, cell)],
            transform=f"translate(0 {_TOP + _ROW * i})",
        )
        for i, row in enumerate(shown)
    ]
    body.append(_records(view, of, left, cell, bottom))
    if np.isfinite(values).any():
        body.append(_strip(view, shown, right + 18, width - _MARGIN))
    body.append(_key(view, colours, bottom + 42, narrow))
    return Figure(
        id=id,
        body=Markup("").join(body),
        width=width,
        height=bottom + _BOTTOM + (16 if narrow else 0),
        title="Change by layer and record",
        finding=finding,
        caption=_caption(view, shown, of),
    )


def _fill(value: float, colours: Scale) -> str:
    """The colour of a value; dots of 0, hatching of no value."""
    if np.isnan(value):
        return NONE
    return ZERO if value == 0 and colours.log else paint(value, colours)


def _names(shown: list[Row], width: float) -> list[str]:
    """What rows are called, each by another text."""
    counts = [f" ({len(row.members)})" if row.folded else "" for row in shown]
    room = width - 6.5 * max(map(len, counts))
    labels = all_fitted([row.label for row in shown], room)
    return [label + count for label, count in zip(labels, counts, strict=True)]


def _name(row: Row, text: str, left: float) -> Markup:
    title = row.label + (f": {len(row.members)} layers" if row.folded else "")
    return tag(
        "text",
        title=title,
        text=isolated(text),
        x=left - 6,
        y=_ROW - 3,
        text_anchor="end",
    )


def _cells(
    row: Row, of: Columns, colours: Scale, left: float, cell: float
) -> list[Markup]:
    name = isolated(row.label)
    cells = []
    for i, (middle, low, high) in enumerate(
        zip(row.median.tolist(), row.low.tolist(), row.high.tolist(), strict=True)
    ):
        said = text_of(middle)
        if low != high and low == low:
            said += f" (80 % within {text_of(low)} to {text_of(high)})"
        cells.append(
            tag(
                "rect",
                title=f"{name}, {of.labels[i]}: {said}",
                x=left + i * cell,
                width=cell + 0.2,
                height=_ROW,
                fill=_fill(middle, colours),
            )
        )
    return cells


def _records(
    view: View, of: Columns, left: float, cell: float, bottom: float
) -> Markup:
    """Numbers of the records below the columns that begin with them."""
    x, starts = view.x, of.edges[:-1]
    places = Scale(float(x[0]), float(max(x[-1], x[0] + 1)), 0, 1, False)
    marks, last = [], -np.inf
    for tick in whole(places, max(2, int(len(starts) * cell / 80))):
        column = int(np.searchsorted(x[starts], tick, side="right")) - 1
        at = left + (column + 0.5) * cell
        if column < 0 or at - last < 30 or tick > x[-1]:
            continue
        last = at
        marks.append(tag("path", d=f"M{at:.1f} {bottom}v4"))
        marks.append(
            tag("text", text=tick_text(tick), x=at, y=bottom + 15, text_anchor="middle")
        )
    middle = left + cell * len(starts) / 2
    marks.append(
        tag("text", text=view.x_label, x=middle, y=bottom + 30, text_anchor="middle")
    )
    return group(marks, class_="axis")


def _strip(view: View, shown: list[Row], left: float, right: float) -> Markup:
    """The median of all values of a row, and between which 80 % of them lie."""
    scale = scale_of(view.values, left, right)
    marks = []
    for i, row in enumerate(shown):
        spread = spread_of(view, row, scale.log)
        if spread is None:
            continue
        low, middle, high = spread
        ends: Floats = scale(spread)
        y = _TOP + _ROW * (i + 0.5)
        said = (
            f"median {text_of(middle)}, 80 % within {text_of(low)} to {text_of(high)}"
        )
        marks.append(
            group(
                [
                    tag("title", text=f"{isolated(row.label)}: {said}"),
                    tag("path", d=f"M{ends[0]:.1f} {y}H{ends[2]:.1f}"),
                    tag("circle", cx=ends[1], cy=y, r=3),
                ]
            )
        )
    bottom = _TOP + _ROW * len(shown)
    axis = [tag("path", d=f"M{left:.1f} {bottom}H{right:.1f}")]
    ticks = scale.ticks(3)
    room = right + _MARGIN
    for tick in reversed(ticks[:1] + ticks[1:][-1:]):
        at, text = float(scale(tick)), tick_text(tick)
        axis.append(tag("path", d=f"M{at:.1f} {bottom}v4"))
        axis.append(beneath(text, at, bottom + 15, room))
        # The first number ends before the last begins.
        room = min(at + width_of(text) / 2, room) - width_of(text) - 3
    head = tag(
        "text",
        text="median, 80 %",
        x=(left + right) / 2,
        y=_TOP - 5,
        text_anchor="middle",
    )
    return Markup("").join(
        [group([head, *axis], class_="axis"), group(marks, class_="spread")]
    )


def _key(view: View, colours: Scale, top: float, narrow: bool) -> Markup:
    """What the colours mean."""
    left, bar = 4.0, 160.0 if narrow else 220.0
    marks = []
    for fill, there, text in (
        (ZERO, colours.log and bool((view.values == 0).any()), "exactly 0"),
        (NONE, bool(np.isnan(view.values).any()), "no value"),
    ):
        if there:
            marks.append(
                tag("rect", x=left, y=top, width=14, height=9, fill=fill, class_="key")
            )
            marks.append(tag("text", text=text, x=left + 18, y=top + 9))
            left += 84
    if not np.isfinite(view.values).any():
        return group(marks, class_="axis")
    scale = Scale(colours.low, colours.high, left, left + bar, colours.log)
    ticks = scale.ticks(4)
    # Further in, so that the first number is whole below its colour.
    left += max(0.0, width_of(tick_text(ticks[0])) / 2 - float(scale(ticks[0])))
    scale = replace(scale, start=left, end=left + bar)
    marks.append(tag("rect", x=left, y=top, width=bar, height=9, fill="url(#paints)"))
    marks += [
        tag(
            "text",
            text=tick_text(tick),
            x=float(scale(tick)),
            y=top + 21,
            text_anchor="middle",
        )
        for tick in ticks
    ]
    at, down = (4.0, top + 38) if narrow else (left + bar + 12, top + 9)
    marks.append(tag("text", text=view.y_label, x=at, y=down))
    return group(marks, class_="axis")


def _caption(view: View, shown: list[Row], of: Columns) -> str:
    parts = ["Bright is much change, dark is little."]
    count = len(view.names)
    if any(row.folded for row in shown):
        parts.append(
            f"The {count:,} layers are folded into {len(shown)} blocks of neighbours; "
            "a cell is the median of its block, and the number after a name is how "
            "many layers it has. “Every layer” below opens a block."
        )
    else:
        parts.append("A row is a layer, the first on top.")
    if of.most > 1:
        parts.append(
            f"The {len(view.x):,} records are put into {len(of.labels)} columns of "
            f"up to {of.most} records each."
        )
    parts.append(
        "On the right, the median of a row and the range of the middle 80 % of its "
        "values."
    )
    if view.runs > 1:
        parts.append(f"Values are geometric means over {view.runs} runs.")
    return " ".join(parts)

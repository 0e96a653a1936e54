"""The figure of trends: which layers learn alike."""

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from markupsafe import Markup

from tfrwc.answers.folding import ROWS
from tfrwc.answers.page.axes import Frame, ends, frame, nothing, width_of
from tfrwc.answers.page.svg import Figure, area, group, isolated, path, tag
from tfrwc.answers.scales import text_of
from tfrwc.answers.trends import Trend
from tfrwc.answers.view import View, typical
from tfrwc.dynamics.arrays import Floats, Ints

_POINTS = 100
_DRAWN = 6  # layers of each trend, where there are too many to draw all


def trends_figure(
    view: View,
    found: list[Trend],
    id: str,
    finding: str,
    width: float = 1080,
    beside: Sequence[View] = (),
) -> Figure:
    """The median of each trend in the band of its middle 80 %, and layers, thin.

    Args:
        view: of a recording, or of several of one setting.
        found: of `tfrwc.answers.trends.trends`.
        id: of the figure on the page.
        finding: what it shows, in a sentence or two.
        width: in pixels.
        beside: views whose values are within the axes, too.
    """
    if not np.isfinite(view.values).any():
        return nothing(id, "Layers that learn alike", finding, width)
    count = len(view.names)
    drawn = np.concatenate([_drawn(view, trend, count) for trend in found])
    names = max(width_of(trend.title) for trend in found)
    bottom = 290.0 if width > 800 else 220.0
    box = (58.0, 28.0, width - names - 24, bottom)
    inside = [view.values[drawn], *(t.low for t in found), *(t.high for t in found)]
    inside += [ends(one.values) for one in beside]
    of = frame(
        view.x,
        np.concatenate([np.ravel(each) for each in inside]),
        box,
        (view.x_label, view.y_label),
        width,
    )
    body = [of.axes()]
    heights = apart([_end(of, trend) for trend in found], 15, box[1], box[3])
    for trend, height in zip(found, heights, strict=True):
        body.append(
            _trend(view, trend, of, np.intersect1d(trend.members, drawn), height)
        )
    said = (
        "Each line is a layer; thick, the median of a trend in the band of the middle "
        "80 % of its layers."
        if len(drawn) == count
        else f"Thick: the median of each trend, in the band of the middle 80 % of its "
        f"layers. Thin: {len(drawn)} of the {count:,} layers, of each trend up to "
        f"{_DRAWN}, from the one that changed most to the one that changed least."
    )
    return Figure(
        id,
        Markup("").join(body),
        width,
        bottom + 40,
        "Layers that learn alike",
        finding,
        said,
    )


def _drawn(view: View, trend: Trend, count: int) -> Ints:
    """The layers of a trend that are drawn: all, or some, evenly from most to least."""
    if count <= ROWS:
        return trend.members
    order = np.argsort(-np.nan_to_num(typical(view.values[trend.members])))
    return trend.members[order[places(len(order), _DRAWN)]]


def _trend(
    view: View, trend: Trend, of: Frame, drawn: Iterable[int], height: float
) -> Markup:
    x, look = of.x(view.x), f"t{trend.number % 10}" if trend.number >= 0 else "none"
    thin = [
        tag(
            "path",
            title=_layer(view, int(i)),
            d=path(*thinned(x, of.down(view.values[i]))),
        )
        for i in drawn
    ]
    chosen = places(len(x))
    dots = [
        tag(
            "circle",
            title=f"{trend.title}, {view.x_label} {view.x[i]:.0f}: median "
            f"{text_of(trend.median[i])}, 80 % within {text_of(trend.low[i])} to "
            f"{text_of(trend.high[i])}",
            cx=float(x[i]),
            cy=float(y),
            r=5,
        )
        for i, y in zip(chosen, of.down(trend.median[chosen]), strict=True)
        if np.isfinite(y)
    ]
    marks = [
        tag("path", d=area(x, of.down(trend.low), of.down(trend.high)), class_="band"),
        group(thin, class_="thin"),
        tag("path", d=path(*thinned(x, of.down(trend.median))), class_="median"),
        group(dots, class_="hover"),
        of.zeros_at(view.x, trend.median, trend.title),
        tag("text", text=trend.title, x=of.x.end + 16, y=height + 4, class_="name"),
    ]
    end = _end(of, trend)
    marks.append(
        tag(
            "path",
            d=f"M{of.x.end + 2:.1f} {end:.1f}L{of.x.end + 13:.1f} {height:.1f}",
            class_="lead",
        )
    )
    return group(marks, class_=f"trend {look}", data_trend=trend.number)


def _layer(view: View, i: int) -> str:
    values, x = view.values[i], view.x
    name, at = isolated(view.names[i]), view.x_label
    if not np.isfinite(values).any():
        return f"{name}: no value"
    top = int(np.nanargmax(values))
    return (
        f"{name}: {text_of(values[0])} at {at} {x[0]:.0f}, {text_of(values[-1])} at "
        f"{at} {x[-1]:.0f}, largest {text_of(values[top])} at {at} {x[top]:.0f}"
    )


def _end(of: Frame, trend: Trend) -> float:
    """Where the line of a trend ends, in pixels from above."""
    seen = trend.median[np.isfinite(trend.median)]
    end = float(of.down(seen[-1])) if seen.size else np.nan
    return of.zeros if np.isnan(end) else end


def apart(heights: list[float], least: float, top: float, bottom: float) -> list[float]:
    """The heights, moved so that none is nearer to another than so many pixels."""
    order = np.argsort(heights)
    placed = np.array(heights, float)
    for before, after in itertools.pairwise(order):
        placed[after] = max(placed[after], placed[before] + least)
    over = max(placed[order[-1]] - bottom, 0.0) if len(order) else 0.0
    for after, before in zip(order[::-1][:-1], order[::-1][1:], strict=True):
        if after == order[-1]:
            placed[after] -= over
        placed[before] = min(placed[before], placed[after] - least)
    if len(order) == 1:
        placed[0] -= over
    return [
        max(float(height), top) if len(order) < 10 else float(height)
        for height in placed
    ]


def places(count: int, most: int = _POINTS) -> list[int]:
    """At most so many of the numbers below `count`, the first and the last too."""
    return np.unique(
        np.linspace(0, count - 1, min(count, most)).round().astype(int)
    ).tolist()


def thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """At most 200 points of a line; gaps are kept where all of a stretch is one."""
    chosen = places(len(x), 200)
    return x[chosen], y[chosen]

"""Figures of curves: the trends of layers, and what the logs have."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from markupsafe import Markup

from tfrwc.answers.view import View, typical
from tfrwc.answers.folding import ROWS
from tfrwc.answers.page.axes import Frame, frame, width_of
from tfrwc.answers.page.scales import text_of
from tfrwc.answers.page.svg import Figure, area, fitted, group, isolated, path, tag
from tfrwc.answers.trends import Trend
from tfrwc.dynamics.arrays import Floats, Ints

_POINTS = 100
_DRAWN = 6  # layers of each trend, where there are too many to draw all


def trends_figure(
    view: View, found: list[Trend], id: str, finding: str, width: float = 1080
) -> Figure:
    """The median of each trend in the band of its middle 80 %, and layers, thin.

    Args:
        view: of a recording, or of several of one setting.
        found: of `tfrwc.answers.trends.trends`.
        id: of the figure on the page.
        finding: what it shows, in a sentence or two.
        width: in pixels.
    """
    count = len(view.names)
    drawn = np.concatenate([_drawn(view, trend, count) for trend in found])
    names = max(width_of(trend.title) for trend in found)
    box = (58.0, 28.0, width - names - 24, 290.0)
    inside = [view.values[drawn], *(t.low for t in found), *(t.high for t in found)]
    of = frame(
        view.x,
        np.concatenate([np.ravel(each) for each in inside]),
        box,
        (view.x_label, view.y_label),
    )
    body = [of.axes()]
    heights = _apart([_end(of, trend) for trend in found], 15, box[1], box[3])
    for trend, height in zip(found, heights, strict=True):
        body.append(
            _trend(view, trend, of, np.intersect1d(trend.members, drawn), height)
        )
    said = (
        "Each line is a layer; thick, the median of a trend in the band of the middle "
        "80 % of its layers."
        if len(drawn) == count
        else f"Thick: the median of each trend, in the band of the middle 80 % of its "
        f"layers. Thin: {len(drawn)} of the {count:,} layers, of each trend up to {_DRAWN}, "
        "from the one that changed most to the one that changed least."
    )
    return Figure(id, Markup("").join(body), width, 330, "Layers that learn alike",
                  finding, said)  # fmt: skip


def _drawn(view: View, trend: Trend, count: int) -> Ints:
    """The layers of a trend that are drawn: all, or some, evenly from most to least."""
    if count <= ROWS:
        return trend.members
    order = np.argsort(-np.nan_to_num(typical(view.values[trend.members])))
    return trend.members[order[_places(len(order), _DRAWN)]]


def _trend(
    view: View, trend: Trend, of: Frame, drawn: Iterable[int], height: float
) -> Markup:
    x, look = of.x(view.x), f"t{trend.number % 10}" if trend.number >= 0 else "none"
    thin = [
        tag("path", title=_layer(view, int(i)), d=path(*_thinned(x, of.down(view.values[i]))))
        for i in drawn
    ]
    chosen = _places(len(x))
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
        tag("path", d=path(*_thinned(x, of.down(trend.median))), class_="median"),
        group(dots, class_="hover"),
        of.zeros_at(view.x, trend.median, trend.title),
        tag("text", text=trend.title, x=of.x.end + 16, y=height + 4, class_="name"),
    ]
    end = _end(of, trend)
    marks.append(
        tag("path", d=f"M{of.x.end + 2:.1f} {end:.1f}L{of.x.end + 13:.1f} {height:.1f}",
            class_="lead")  # fmt: skip
    )
    return group(marks, class_=f"trend {look}", data_trend=trend.number)


def logs_figures(
    logs: dict[str, pd.DataFrame], x: dict[str, Floats], x_label: str
) -> list[Figure]:
    """What the logs have: loss, metrics and learning rate, a small figure for each.

    Args:
        logs: by name of a run.
        x: places of its records, by name of a run.
        x_label: what they are.
    """
    kinds: dict[str, list[str]] = {}
    for table in logs.values():
        for name in table.columns[table.notna().any()]:
            base = str(name).removeprefix("val_")
            if str(name) not in kinds.setdefault(base, []):
                kinds[base].append(str(name))
    return [
        _log_figure(base, sorted(names, key=len), logs, x, x_label, i)
        for i, (base, names) in enumerate([*kinds.items()][:8])
    ]


def _log_figure(
    base: str,
    names: list[str],
    logs: dict[str, pd.DataFrame],
    x: dict[str, Floats],
    x_label: str,
    place: int,
) -> Figure:
    width, box = 254.0, (46.0, 28.0, 246.0, 140.0)
    drawn = [
        (run, name, table[name].to_numpy(np.float64))
        for run, table in logs.items()
        for name in names
        if name in table and table[name].notna().any()
    ]
    of = frame(
        np.concatenate([x[run] for run, _, _ in drawn]),
        np.concatenate([values for _, _, values in drawn]),
        box,
        (x_label, base),
    )
    marks, ends = [of.axes()], []
    for run, name, values in drawn:
        which = [*logs].index(run)
        style = " dashed" if name.startswith("val_") else ""
        whose = f"{isolated(run)}: " if len(logs) > 1 else ""
        at, up = of.x(x[run]), of.down(values)
        title = f"{whose}{name}, from {text_of(values[0])} to {text_of(values[-1])}"
        marks.append(
            group(
                [
                    tag("path", title=title, d=path(*_thinned(at, up)), class_="median"),
                    group(_log_dots(run, name, x[run], values, of, x_label), class_="hover"),
                    of.zeros_at(x[run], values, f"{whose}{name}"),
                ],
                class_=f"trend t{which % 10}{style}",
            )
        )
        ends.append(f"{whose}{name} ends at {text_of(values[-1])}")
    said = "; ".join(ends[:6]) + ("; and more" if len(ends) > 6 else "") + "."
    dashed = " Dashed: on validation data." if any("val_" in n for n in names) else ""
    return Figure(f"log-{place}", Markup("").join(marks), width, 178, fitted(base, 130),
                  said, said + dashed)  # fmt: skip


def _log_dots(
    run: str, name: str, x: Floats, values: Floats, of: Frame, x_label: str
) -> list[Markup]:
    return [
        tag("circle", title=f"{name}, {x_label} {x[i]:.0f}: {text_of(values[i])}",
            cx=float(of.x(x[i])), cy=float(of.down(values[i])), r=5)  # fmt: skip
        for i in _places(len(x), 60)
        if np.isfinite(of.down(values[i]))
    ]


def _layer(view: View, i: int) -> str:
    values, x = view.values[i], view.x
    name, at = isolated(view.names[i]), view.x_label
    if not np.isfinite(values).any():
        return f"{name}: no value"
    top = int(np.nanargmax(values))
    return (
        f"{name}: {text_of(values[0])} at {at} {x[0]:.0f}, {text_of(values[-1])} at {at} "
        f"{x[-1]:.0f}, largest {text_of(values[top])} at {at} {x[top]:.0f}"
    )


def _end(of: Frame, trend: Trend) -> float:
    """Where the line of a trend ends, in pixels from above."""
    seen = trend.median[np.isfinite(trend.median)]
    end = float(of.down(seen[-1])) if seen.size else np.nan
    return of.zeros if np.isnan(end) else end


def _apart(heights: list[float], least: float, top: float, bottom: float) -> list[float]:
    """The heights, moved so that none is nearer to another than so many pixels."""
    order = np.argsort(heights)
    placed = np.array(heights, float)
    for before, after in zip(order[:-1], order[1:], strict=True):
        placed[after] = max(placed[after], placed[before] + least)
    over = max(placed[order[-1]] - bottom, 0.0) if len(order) else 0.0
    for after, before in zip(order[::-1][:-1], order[::-1][1:], strict=True):
        if after == order[-1]:
            placed[after] -= over
        placed[before] = min(placed[before], placed[after] - least)
    if len(order) == 1:
        placed[0] -= over
    return [max(float(height), top) if len(order) < 10 else float(height) for height in placed]


def _places(count: int, most: int = _POINTS) -> list[int]:
    """At most so many of the numbers below `count`, the first and the last too."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int)).tolist()


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """At most 200 points of a line; gaps are kept where all of a stretch is one."""
    chosen = _places(len(x), 200)
    return x[chosen], y[chosen]

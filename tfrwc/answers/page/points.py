"""Figures of points: change by depth, and change in one training against another."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from markupsafe import Markup

from tfrwc.answers.difference_words import LEVEL
from tfrwc.answers.folding import ROWS_BESIDE, SPREAD, folded
from tfrwc.answers.page.axes import Frame, beneath, ends, frame, nothing
from tfrwc.answers.page.svg import (
    Figure,
    all_fitted,
    fitted,
    group,
    isolated,
    path,
    tag,
)
from tfrwc.answers.scales import Scale, scale_of, text_of, tick_text
from tfrwc.answers.view import View, typical
from tfrwc.dynamics.arrays import Floats, Ints
from tfrwc.dynamics.comparison import Comparison
from tfrwc.recording.names import shortened

_EACH = 600  # layers that are a point each
_ROW = 13
_SERIES = 190  # pixels for the name of a condition
_ENDS = ["difference", "adjusted_low", "adjusted_high"]
_SHAPES = (
    "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z",  # a disc
    "M-4-4h8v8h-8z",
    "M0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z",
    "M-5 4h10l-5-9z",
    "M-5-4h10l-5 9z",
    "M-1.5-5h3v3.500h3.500v3h-3.500v3.500h-3v-3.500h-3.500v-3h3.500z",
)


def depth_figure(
    view: View,
    labels: Ints,
    id: str,
    finding: str,
    height: float = 290,
    beside: Sequence[View] = (),
) -> Figure:
    """Typical change of each layer against its depth; of many, of each block.

    Args:
        view: of a recording, or of several of one setting.
        labels: trend of each layer, int64 (layers,); -1 for none.
        id: of the figure on the page.
        finding: what it shows, in a sentence or two.
        height: in pixels.
        beside: views whose values are within the axes, too.
    """
    width = 530.0
    change = typical(view.values)
    if not np.isfinite(change).any():
        return nothing(id, "Change by depth", finding, width)
    each = len(change) <= _EACH
    rows = folded(view, len(change) if each else 60)
    box = (58.0, 28.0, width - 14, height - 40)
    others = [ends(typical(one.values)) for one in beside]
    of = frame(
        view.depth,
        np.concatenate([change, *others]),
        box,
        (view.depth_label, f"typical {view.y_label}"),
        width,
    )
    marks = [of.axes()]
    marks += [_point(view, change, labels, of, name, members) for name, members in rows]
    caption = (
        "A point is a layer: the geometric mean of its change, of records with any. "
        "Colour and shape say its trend."
        if each
        else f"The {len(change):,} layers are folded into {len(rows)} blocks: a point "
        "is a median, its line the middle 80 % of the layers."
    )
    missing = int(np.isnan(change).sum())
    if missing:
        caption += f" {missing:,} without a value are not drawn."
    return Figure(
        id, Markup("").join(marks), width, height, "Change by depth", finding, caption
    )


def _point(
    view: View, change: Floats, labels: Ints, of: Frame, name: str, members: Ints
) -> Markup:
    values = change[members]
    values = values[np.isfinite(values)]
    if not values.size:
        return Markup("")
    low, middle, high = np.quantile(values, (SPREAD[0], 0.5, SPREAD[1]))
    x = float(of.x(np.median(view.depth[members])))
    y = float(of.down(middle)) if middle > 0 or not of.y.log else of.zeros
    trend = int(labels[members[0]]) if len(members) == 1 else -2
    depth = np.median(view.depth[members])
    said = f"{isolated(name)}, depth {depth:.0f}: {text_of(middle)}"
    if len(members) > 1:
        said = f"{isolated(name)} ({len(members)} layers): median {text_of(middle)}, "
        said += f"80 % within {text_of(low)} to {text_of(high)}"
    look = f"t{trend % 10}" if trend >= 0 else "none"
    children = [tag("title", text=said)]
    if len(members) > 1:
        look = "plain"
        children.append(
            tag("path", d=path([x, x], of.down([low, high])), class_="reach")
        )
    shape = _SHAPES[trend % len(_SHAPES)] if trend >= 0 else _SHAPES[0]
    children.append(tag("path", d=shape, transform=f"translate({x:.1f} {y:.1f})"))
    return group(children, class_=f"point {look}", data_trend=trend)


def comparison_figure(
    view: View, compared: Comparison, id: str, finding: str, width: float = 1080
) -> Figure:
    """How many times as much each layer changed as in the baseline.

    Args:
        view: of the baseline.
        compared: of `tfrwc.dynamics.compare`.
        id: of the figure on the page.
        finding: what it shows, in a sentence or two.
        width: in pixels.
    """
    table = compared.layers
    others = [n for n in compared.conditions["condition"] if n != compared.baseline]
    rows = folded(view, ROWS_BESIDE)
    single = all(len(members) == 1 for _, members in rows)
    ratios = np.exp(table[_ENDS].to_numpy(float))
    left = 0.24 * width
    in_line = max(1, int((width - left) // _SERIES))
    top = 42.0 + 16 * ((len(others) - 1) // in_line)
    height = _ROW + 7 * (min(len(others), 4) - 1)
    bottom = top + height * len(rows)
    scale = _ratio_scale(ratios, left, width - 16)
    marks = [
        _names(rows, left, top, height),
        _ratio_axis(scale, top, bottom, width, compared),
    ]
    for which, name in enumerate(others):
        part = np.exp(table.loc[table["condition"] == name, _ENDS].to_numpy(float))
        p_values = table.loc[table["condition"] == name, "p_adjusted"].to_numpy(float)
        shift = height * (which + 1) / (len(others) + 1)
        marks += [
            _ratio(
                part[members],
                p_values[members],
                scale,
                top + i * height + shift,
                row,
                name,
                which,
            )
            for i, (row, members) in enumerate(rows)
        ]
        line, place = divmod(which, in_line)
        marks.append(_series(name, which, left + _SERIES * place, 12 + 16 * line))
    caption = (
        "Right of 1: more change than in the baseline, on a logarithmic scale. "
        + _reach(compared, single)
        + ("" if single else " A row is a block: the median of its layers.")
    )
    title = f"Change against “{shortened(compared.baseline, 40)}”"
    return Figure(
        id, Markup("").join(marks), width, bottom + 40, title, finding, caption
    )


def has_intervals(compared: Comparison) -> bool:
    """Whether seeds give the differences intervals."""
    return bool(compared.layers["low"].notna().any())


def no_interval(compared: Comparison) -> str:
    """Why there are no intervals."""
    each = (compared.conditions["seeds"] == 1).all()
    return f"One run {'each' if each else 'in a condition'}: no interval."


def _reach(compared: Comparison, single: bool) -> str:
    if not has_intervals(compared):
        lines = "" if single else " Lines: the middle 80 % of a block's layers."
        return f"{no_interval(compared)}{lines}"
    tests = (
        f"Filled: different by the test over seeds (adjusted p of {LEVEL} or less); "
        "hollow: no clear difference."
    )
    percent = (
        f"{100 * compared.confidence:.0f} % intervals over seeds (Welch's, adjusted)"
    )
    if single:
        return f"Lines: {percent}. {tests}"
    return (
        "Lines: the middle 80 % of a block's layers. Filled: half of its layers or "
        f"more clearly differ over seeds (adjusted p of {LEVEL} or less); the table "
        f"has the {percent}."
    )


def _ratio(
    ratios: Floats,
    p_values: Floats,
    scale: Scale,
    y: float,
    row: str,
    name: str,
    which: int,
) -> Markup:
    """A mark with its line, filled where there is a difference."""
    middles = ratios[:, 0][np.isfinite(ratios[:, 0])]
    if not middles.size:
        return Markup("")
    if len(ratios) == 1:
        middle, low, high = ratios[0]
        p_value = p_values[0]
        said = f"{middle:.3g} times"
        if np.isfinite(low):
            said += f" ({low:.3g} to {high:.3g}, adjusted p = {p_value:.2g})"
        else:
            said += ", no interval"
        told = p_value <= LEVEL
    else:
        low, middle, high = np.quantile(middles, (SPREAD[0], 0.5, SPREAD[1]))
        said = f"median {middle:.3g} times, 80 % of layers {low:.3g} to {high:.3g}"
        told = (p_values <= LEVEL).mean() >= 0.5
    at, reach = float(scale(middle)), scale([low, high])
    children = [tag("title", text=f"{isolated(row)}, {isolated(name)}: {said}")]
    if np.isfinite(reach).all():
        children.append(tag("path", d=line_of(reach, scale, y), class_="reach"))
    children.append(
        tag(
            "path",
            d=_SHAPES[which % len(_SHAPES)],
            transform=f"translate({at:.1f} {y:.1f})",
            class_=None if told else "hollow",
        )
    )
    return group(children, class_=f"point t{which % 10}")


def line_of(reach: Floats, scale: Scale, y: float) -> str:
    """A line that ends in an arrow where it goes on beyond the axis."""
    start, end = np.clip(reach, scale.start, scale.end)
    line = f"M{start:.1f} {y:.1f}H{end:.1f}"
    if reach[0] < scale.start:
        line += f"M{start + 5:.1f} {y - 3:.1f}L{start:.1f} {y:.1f}l5 3"
    if reach[1] > scale.end:
        line += f"M{end - 5:.1f} {y - 3:.1f}L{end:.1f} {y:.1f}l-5 3"
    return line


def _ratio_scale(ratios: Floats, start: float, end: float) -> Scale:
    """Of logarithms, with 1 on it; intervals further than the marks' own are cut."""
    middle = ratios[:, 0][np.isfinite(ratios[:, 0]) & (ratios[:, 0] > 0)]
    around = np.append(middle, [1 / 1.2, 1.2])
    low, high = around.min(), around.max()
    room = (high / low) ** 0.3
    ends = ratios[np.isfinite(ratios) & (ratios > low / room) & (ratios < high * room)]
    return scale_of(np.append(around, ends), start, end, log=True)


def _ratio_axis(
    scale: Scale, top: float, bottom: float, width: float, compared: Comparison
) -> Markup:
    marks = [tag("path", d=f"M{scale.start:.1f} {bottom:.1f}H{scale.end:.1f}")]
    for tick in scale.ticks(8):
        at = float(scale(tick))
        marks.append(tag("path", d=f"M{at:.1f} {bottom:.1f}v4"))
        marks.append(beneath(tick_text(tick), at, bottom + 16, width))
    one = float(scale(1))
    marks.append(tag("path", d=f"M{one:.1f} {top:.1f}V{bottom:.1f}", class_="one"))
    rate = " per learning rate" if compared.per_learning_rate else ""
    text = f"times the typical change{rate} in “{shortened(compared.baseline, 40)}”"
    marks.append(
        tag(
            "text",
            text=text,
            x=(scale.start + scale.end) / 2,
            y=bottom + 32,
            text_anchor="middle",
        )
    )
    return group(marks, class_="axis")


def _names(
    rows: list[tuple[str, Ints]], left: float, top: float, height: float
) -> Markup:
    labels = all_fitted([name for name, _ in rows], left - 50)
    return group(
        tag(
            "text",
            title=name,
            text=isolated(labels[i])
            + (f" ({len(members)})" if len(members) > 1 else ""),
            x=left - 8,
            y=top + height * (i + 0.5) + 4,
            text_anchor="end",
        )
        for i, (name, members) in enumerate(rows)
    )


def _series(name: str, which: int, x: float, y: float) -> Markup:
    shape = tag(
        "path", d=_SHAPES[which % len(_SHAPES)], transform=f"translate({x:.1f} {y:.1f})"
    )
    text = tag("text", text=isolated(fitted(name, 165)), x=x + 12, y=y + 4)
    return group([shape, text], class_=f"point t{which % 10}")


def ratio_rows(compared: Comparison) -> pd.DataFrame:
    """The rows of a comparison that are not of the baseline."""
    return compared.layers[compared.layers["condition"] != compared.baseline]

"""Figures of what the logs have: loss, metrics and learning rate."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from tfrwc.answers.page.axes import Frame, frame
from tfrwc.answers.page.conditions import Condition
from tfrwc.answers.page.lines import apart, places, thinned
from tfrwc.answers.page.svg import Figure, fitted, group, isolated, path, tag
from tfrwc.answers.scales import text_of
from tfrwc.answers.view import records_axis
from tfrwc.dynamics.arrays import Floats
from tfrwc.dynamics.logged import bounded
from tfrwc.recording.names import shortened

_MOST = 8  # figures
_MOST_NUMBERS = 10  # at the ends of lines
_SPANNING = ("loss", "rate", "error")  # what may fall by decades


@dataclass(frozen=True, eq=False)
class _Run:
    """The logs of a recording.

    Attributes:
        condition: its number, from 0.
        name: of the recording, with its condition where there are several.
        logs: a row per record.
        x, x_label: places of the records, and what they are.
    """

    condition: int
    name: str
    logs: pd.DataFrame
    x: Floats
    x_label: str


def logs_figures(found: Sequence[Condition]) -> list[Figure]:
    """A small figure for each of loss, metrics and learning rate; none without logs.

    A condition has one colour and, where there are several, its number at the end of
    its lines. What is measured on validation data is dashed.

    Args:
        found: the conditions of a page.
    """
    runs = [
        _Run(number, _name(found, one, name), _drawable(run.logs), *records_axis(run))
        for number, one in enumerate(found)
        for name, run in zip(one.names, one.recordings, strict=True)
    ]
    kinds: dict[str, list[str]] = {}
    for run in runs:
        for name in map(str, run.logs.columns[np.isfinite(run.logs).any()]):
            names = kinds.setdefault(name.removeprefix("val_"), [])
            if name not in names:
                names.append(name)
    return [
        _figure(base, sorted(names, key=len), runs, len(found) > 1, place)
        for place, (base, names) in enumerate([*kinds.items()][:_MOST])
    ]


def _drawable(logs: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: bounded(logs[name]) for name in logs}, logs.index)


def _name(found: Sequence[Condition], one: Condition, name: str) -> str:
    if len(found) == 1:
        return name
    return one.name if len(one.names) == 1 else f"{one.name}, {name}"


def _figure(
    base: str, names: list[str], runs: list[_Run], several: bool, place: int
) -> Figure:
    width, box = 254.0, (46.0, 28.0, 232.0, 140.0)
    drawn = [
        (run, name, run.logs[name].to_numpy(np.float64))
        for run in runs
        for name in names
        if name in run.logs and np.isfinite(run.logs[name]).any()
    ]
    of = frame(
        np.concatenate([run.x for run, _, _ in drawn]),
        np.concatenate([values for _, _, values in drawn]),
        box,
        (drawn[0][0].x_label, shortened(base, 30)),
        width,
        log_y=_log_y(base, drawn),
    )
    marks = [of.axes()]
    for run, name, values in drawn:
        marks.append(_line(run, name, values, of, several))
    marks += _numbers(drawn, of) if several else []
    said = _ends(drawn, several)
    dashed = " Dashed: on validation data." if any("val_" in n for n in names) else ""
    return Figure(
        id=f"log-{place}",
        body=Markup("").join(marks),
        width=width,
        height=178,
        title=fitted(base, 200),
        finding=said,
        caption=said + dashed,
    )


def _line(run: _Run, name: str, values: Floats, of: Frame, several: bool) -> Markup:
    whose = f"{isolated(run.name)}: " if several or run.name else ""
    at, up = of.x(run.x), of.down(values)
    seen = np.flatnonzero(np.isfinite(values))
    first, last = (text_of(values[seen[i]]) for i in (0, -1))
    label = shortened(name, 40)
    dots = [
        tag(
            "circle",
            title=f"{whose}{label}, {run.x_label} {run.x[i]:.0f}: {text_of(values[i])}",
            cx=float(at[i]),
            cy=float(up[i]),
            r=5,
        )
        for i in places(len(values), 60)
        if np.isfinite(up[i])
    ]
    marks = [
        tag(
            "path",
            title=f"{whose}{label}, from {first} to {last}",
            d=path(*thinned(at, up)),
            class_="median",
        ),
        group(dots, class_="hover"),
        of.zeros_at(run.x, values, f"{whose}{label}"),
    ]
    style = " dashed" if name.startswith("val_") else ""
    return group(marks, class_=f"trend t{run.condition % 10}{style}")


def _log_y(base: str, drawn: list[tuple[_Run, str, Floats]]) -> bool | None:
    """Shares, such as accuracies, are never on a scale of logarithms."""
    if any(word in base for word in _SPANNING):
        return None
    values = np.concatenate([values[np.isfinite(values)] for _, _, values in drawn])
    return False if values.min() >= 0 and values.max() <= 1 else None


def _numbers(drawn: list[tuple[_Run, str, Floats]], of: Frame) -> list[Markup]:
    """The number of each condition at the end of its lines, none on another."""
    ends: dict[tuple[int, str], float] = {}
    for run, name, values in drawn:
        end = float(of.down(values[np.isfinite(values)][-1]))
        ends.setdefault((run.condition, name), of.zeros if np.isnan(end) else end)
    if len(ends) > _MOST_NUMBERS:  # no room: colours, and the key above, tell
        return []
    heights = apart([*ends.values()], 11, of.y.end, of.y.start)
    return [
        group(
            [
                tag(
                    "text",
                    text=str(condition + 1),
                    x=of.x.end + 4,
                    y=height + 4,
                    class_="name",
                )
            ],
            class_=f"trend t{condition % 10}",
        )
        for (condition, _), height in zip(ends, heights, strict=True)
    ]


def _ends(drawn: list[tuple[_Run, str, Floats]], several: bool) -> str:
    """Where the lines end, those of one condition together."""
    ends: dict[tuple[int, str], list[float]] = {}
    for run, name, values in drawn:
        last = values[np.isfinite(values)][-1]
        ends.setdefault((run.condition, name), []).append(float(last))
    parts = []
    for (condition, name), values in ends.items():
        whose = f"{condition + 1}: " if several else ""
        low, high = text_of(min(values)), text_of(max(values))
        at = low if low == high else f"{low} to {high}"
        parts.append(f"{whose}{shortened(name, 40)} ends at {at}")
    more = f"; and {len(parts) - 6} more" if len(parts) > 6 else ""
    return "; ".join(parts[:6]) + more + "."

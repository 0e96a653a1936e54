"""Write the page."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tfrwc._common.files import check_folder, write_text
from tfrwc._common.paths import local_path
from tfrwc._common.timestamps import utc_now
from tfrwc.answers import trends
from tfrwc.answers.folding import ROWS, ROWS_BESIDE, columns, folded
from tfrwc.answers.folding import rows as rows_of
from tfrwc.answers.page import findings, tables
from tfrwc.answers.page.conditions import UNNAMED, Condition, Recordings, conditions
from tfrwc.answers.page.heat_map import heat_map
from tfrwc.answers.page.lines import trends_figure
from tfrwc.answers.page.logs import logs_figures
from tfrwc.answers.page.packed import packed
from tfrwc.answers.page.points import comparison_figure, depth_figure
from tfrwc.answers.page.svg import Figure
from tfrwc.answers.paints import PAINTS, paints_of
from tfrwc.answers.scales import Scale
from tfrwc.answers.view import View, usual_measure
from tfrwc.answers.wrong import wrong_of_runs
from tfrwc.dynamics.comparison import Comparison, compare
from tfrwc.dynamics.one_thread import one_thread
from tfrwc.recording.names import shortened

_HERE = Path(__file__).parent
_WIDE, _HALF = 1080, 530
_COLUMNS = 100  # of a heat map


@dataclass(frozen=True, eq=False)
class _Part:
    """What the page has of a condition."""

    number: int
    condition: Condition
    heat_map: Figure
    paints: Scale
    trends: Figure
    depth: Figure
    choice: list[tuple[int, str]]
    blocks: list[tuple[str, int, int]]
    table: tables.Table
    wrong: list[str]
    findings: list[str]


def write_report(
    recordings: Recordings, path: str | os.PathLike[str], against: Recordings = ()
) -> Path:
    """Write a page about recordings: one HTML file that needs nothing beside it.

    Recordings of equal layers that were made in the same way, at the same steps and
    from the same learning rate on, are taken for seeds of one setting: their mean is
    shown, and differences have intervals. Others are shown side by side.

    Args:
        recordings: one, several, or a dict of names to them.
        path: of the file, in the place of any that is there; its folder must exist.
        against: others to hold them against, in the same forms.

    Returns:
        The path of the file.

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: if there is no recording, one has no records or is there twice, or
            `path` is not a local path.
        FileNotFoundError: if the folder of `path` is not there.
        OSError: if the file cannot be written.
    """
    target = local_path(path)
    check_folder(target)
    with one_thread():
        text = page(conditions(recordings, against))
    write_text(target, text)
    return target


def report(
    recordings: Recordings,
    path: str | os.PathLike[str],
    against: Recordings | None = None,
) -> Path:
    """`write_report`, as `Recording.report` and the command call it."""
    return write_report(recordings, path, () if against is None else against)


def page(found: list[Condition]) -> str:
    """The page of some conditions, as HTML."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    several = len(found) > 1
    beside = [one.view for one in found]
    if len({view.y_label for view in beside}) > 1:
        beside = []  # of other units
    width = _HALF if several else _WIDE
    shared = _paints(beside, width) if beside else None
    parts = [
        _part(one, i, width, beside or [one.view], shared or _paints([one.view], width))
        for i, one in enumerate(found)
    ]
    compared, why_not = _compared(found) if several else (None, "")
    context: dict[str, Any] = {
        "parts": parts,
        "several": several,
        "subject": _subject(found),
        "why_not": why_not,
        "logs": logs_figures(found),
        "settings": [(one.name, tables.settings_rows(one)) for one in found],
        "written": utc_now(),
        "data": {
            "paints": PAINTS,
            "conditions": packed(
                [one.view for one in found], [part.paints for part in parts]
            )
            if any(part.blocks for part in parts)
            else [],
        },
        "comparison": None,
    }
    if compared is not None:
        said = findings.comparison_findings(compared, found)
        context["comparison"] = {
            "findings": said,
            "figure": comparison_figure(found[0].view, compared, "comparison", said[0]),
            "table": tables.comparison_table(compared),
        }
    return environment.get_template("report.html.jinja").render(context)


def _subject(found: list[Condition]) -> str:
    """What the page is about: the names that were given, or else the model's."""
    named = [one.name for one in found if one.name not in UNNAMED]
    if not named:
        named = [str(found[0].mean.settings.get("model") or "")]
    return shortened(", ".join(named), 80)


def _most_rows(width: int) -> int:
    return ROWS if width == _WIDE else ROWS_BESIDE


def _paints(views: list[View], width: int) -> Scale:
    """The colours that the heat maps of some views share."""
    shown = [
        row
        for view in views
        for row in rows_of(view, columns(view, _COLUMNS), _most_rows(width))
    ]
    return paints_of(views, shown)


def _part(
    condition: Condition, number: int, width: int, beside: list[View], paints: Scale
) -> _Part:
    """What the page has of a condition.

    Args:
        condition: which it is.
        number: of the condition.
        width: of its pictures, in pixels.
        beside: views whose pictures have the same scales, its own too.
        paints: colours of their heat maps.
    """
    view, labels = condition.view, condition.labels
    of_trends = trends.trends(view, labels)
    layers = findings.layers_finding(condition)
    alike = findings.trends_finding(condition, of_trends)
    depth = findings.depth_finding(condition)
    most = _most_rows(width)
    rows = folded(view, most)
    hidden = len(rows) < len(view.names) or len(view.x) > _COLUMNS
    said = [alike, depth, findings.logs_finding(condition)]
    return _Part(
        number=number,
        condition=condition,
        heat_map=heat_map(view, f"map-{number}", layers, width, most, paints),
        paints=paints,
        trends=trends_figure(view, of_trends, f"trends-{number}", alike, width, beside),
        depth=depth_figure(
            view,
            labels,
            f"depth-{number}",
            depth,
            290 if width == _WIDE else 240,
            beside,
        ),
        choice=[(trend.number, trend.title) for trend in of_trends],
        blocks=[(name, int(m[0]), int(m[-1])) for name, m in rows] if hidden else [],
        table=tables.layers_table(condition, number),
        wrong=wrong_of_runs(condition.recordings),
        findings=[one for one in said if one],
    )


def _compared(found: list[Condition]) -> tuple[Comparison | None, str]:
    """All conditions against the first, or why they cannot be compared."""
    measures = {usual_measure(one.mean) for one in found}
    if len(measures) > 1:
        names = ", ".join(sorted(measures))
        return None, f"They were recorded with different measures ({names})."
    try:
        return compare(
            {one.name: one.recordings for one in found}, measure=measures.pop()
        ), ""
    except ValueError as error:
        return None, str(error)

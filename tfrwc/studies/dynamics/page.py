"""The pages of the study: of one trial, and of the claims that many decide."""

import math
import os
from pathlib import Path
from typing import Any

from tfrwc._common.json_files import read_object
from tfrwc.report.answer import Answer
from tfrwc.report.canvas import trend_colour
from tfrwc.report.figures import draw
from tfrwc.report.page import write_page
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.dynamics import figures, verdicts
from tfrwc.studies.dynamics.findings import answer, is_adjusted, more
from tfrwc.studies.dynamics.intervals import ends, with_adjusted
from tfrwc.studies.dynamics.stored import decided_again
from tfrwc.studies.names import measure_name, network_name, set_name
from tfrwc.studies.report_registry import register as register_report

import_modules(figures)
_HERE = Path(__file__).parent
_NAMES = {"network_name": network_name, "set_name": set_name}


def write_report(results: dict[str, Any], out: str | os.PathLike[str]) -> Path:
    """Write report.html and figures/*.png of a trial.

    Args:
        results: of `tfrwc.studies.dynamics.analysis`, as in results.json.
        out: folder.

    Returns:
        Path of the page.
    """
    return write_page(
        _HERE / "learning_dynamics.html.jinja",
        draw("learning_dynamics", results),
        out,
        r=results,
        answer=answer(results),
        more=more(results),
        adjusted=is_adjusted(results),
        thirds={m: with_adjusted(rows) for m, rows in results["block_effect"].items()},
        interval=_interval,
        trend_colour=trend_colour,
        measure_name=measure_name,
        **_NAMES,
    )


def write_claims_report(results: dict[str, Any], out: str | os.PathLike[str]) -> Path:
    """Write report.html and figures/*.png of many trials.

    Args:
        results: of `tfrwc.studies.dynamics.summary`, as in results.json.
        out: folder.

    Returns:
        Path of the page.
    """
    read = decided_again(results)
    return write_page(
        _HERE / "claims.html.jinja",
        draw("learning_dynamics_claims", read),
        out,
        r=read,
        answer=_answer(results, read),
        ends=_ends,
        **_NAMES,
    )


def _answer(results: dict[str, Any], read: dict[str, Any]) -> Answer:
    """What became of the claims; `read` is how the page reads the results."""
    doubts = [
        "Neighbouring layers that move together for another reason than depth make "
        "evidence on depth look stronger than it is."
    ]
    if read["claims"] != results["claims"]:
        doubts.append(
            "results.json beside this page is of an earlier version, which decided "
            "some of these claims by intervals that were not adjusted for the number "
            "of cases."
        )
    first, *lines = verdicts.findings(read["claims"])
    return Answer(first, tuple(lines), tuple(doubts))


def _interval(row: dict[str, Any], form: str) -> str:
    """The interval of a row in numbers of a form; a dash where it has none."""
    found = _ends(row)
    return "–" if found is None else f"{found[0]:{form}} to {found[1]:{form}}"


def _ends(row: dict[str, Any]) -> tuple[float, float] | None:
    """The interval of a row; None where it has none."""
    if "low" not in row and "adjusted_low" not in row:
        return None
    _, low, high = ends(row)
    return None if math.isnan(low) else (low, high)


@register_report("learning_dynamics", needs=("trends",))
def report(
    settings: dict[str, Any], out: str | os.PathLike[str], trends: list[Any]
) -> dict[str, Any]:
    """The report of one trial, from the artifact of its analysis."""
    [analysis] = trends
    results = read_object(Path(analysis.uri) / "results.json", "results of a trial")
    write_report(results, out)
    return results

"""The pages of the study: of one trial, and of the claims that many decide."""

import os
from pathlib import Path
from typing import Any

from tfrwc._common.json_files import read_object
from tfrwc.report.canvas import trend_colour
from tfrwc.report.figures import draw
from tfrwc.report.page import write_page
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.dynamics import figures
from tfrwc.studies.report_registry import register as register_report

import_modules(figures)
_HERE = Path(__file__).parent


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
        trend_colour=trend_colour,
    )


def write_claims_report(results: dict[str, Any], out: str | os.PathLike[str]) -> Path:
    """Write report.html and figures/*.png of many trials.

    Args:
        results: of `tfrwc.studies.dynamics.summary`, as in results.json.
        out: folder.

    Returns:
        Path of the page.
    """
    drawings = draw("learning_dynamics_claims", results)
    return write_page(_HERE / "claims.html.jinja", drawings, out, r=results)


@register_report("learning_dynamics", needs=("trends",))
def report(
    settings: dict[str, Any], out: str | os.PathLike[str], trends: list[Any]
) -> dict[str, Any]:
    """The report of one trial, from the artifact of its analysis."""
    [analysis] = trends
    results = read_object(Path(analysis.uri) / "results.json", "results of a trial")
    write_report(results, out)
    return results

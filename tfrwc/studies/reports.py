"""Write the report of a study, whichever it is."""

import json
import os
from typing import Any

from tfrwc.studies.beta import page as _beta  # noqa: F401  # registers its report
from tfrwc.studies.dynamics import page as _dynamics  # noqa: F401
from tfrwc.studies.privacy import page as _privacy  # noqa: F401
from tfrwc.studies.report_registry import REPORTS, write_results


def write_report(
    study: str, settings: str, out: str | os.PathLike[str], **artifacts: Any
) -> None:
    """Write report.html, figures/ and results.json.

    Args:
        study: name of one of the registered reports.
        settings: of the trial, JSON.
        out: folder.
        **artifacts: or lists of them, by name; None for those that are not there.

    Raises:
        ValueError: if there is no such report, or it lacks something.
    """
    report = REPORTS[study]
    if missing := [name for name in report.needs if not artifacts[name]]:
        raise ValueError(f"The report of {study} needs {', '.join(missing)}.")
    given = {name: artifacts.get(name) for name in (*report.needs, *report.takes)}
    results = report.write(json.loads(settings), out, **given)
    write_results(results, out)

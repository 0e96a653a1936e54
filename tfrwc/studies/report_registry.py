"""The report of each study, registered by the study's own folder.

A report is a function from the settings of a trial and the artifacts of its steps to
the results, which writes report.html and figures/ on the way:

>>> @register("tasting", needs=("evaluations",))  # doctest: +SKIP
... def report(settings, out, evaluations):
...     results = summarise(settings, evaluations)
...     write_page(Path(__file__).with_name("tasting.html.jinja"), draw(...), out)
...     return results
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfrwc._common.files import write_text
from tfrwc._common.paths import local_path
from tfrwc._common.registry import Registry

Write = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Report:
    """How a report is written, and the names of the artifacts that it needs, and of
    those that it is given where they are."""

    write: Write
    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()


REPORTS: Registry[Report] = Registry("report")


def register(
    study: str, needs: tuple[str, ...], takes: tuple[str, ...] = ()
) -> Callable[[Write], Write]:
    """Decorate a function that writes report.html and figures/.

    Args:
        study: its name.
        needs: names of artifacts, of "examples", "evaluations", "trends" and "pushed".
        takes: names of those that it does without, as None.

    The function takes the settings of the trial, the folder to write to, and the
    artifacts by name, and returns the results.
    """

    def decorate(write: Write) -> Write:
        REPORTS.register(study, Report(write, needs, takes))
        return write

    return decorate


def write_results(results: dict[str, Any], out: str | os.PathLike[str]) -> None:
    """Write results.json."""
    write_text(local_path(out, "out") / "results.json", json.dumps(results, indent=1))

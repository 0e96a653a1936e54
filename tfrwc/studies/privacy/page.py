"""The page of the study: whether a model is private, and what releases leave."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc.privacy.keys import secret_key
from tfrwc.privacy.release.catalogue import standard_names
from tfrwc.report.answer import Answer
from tfrwc.report.figures import draw
from tfrwc.report.page import write_page
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.blessing import read_pushed
from tfrwc.studies.example_sets import read_task
from tfrwc.studies.names import network_name, set_name
from tfrwc.studies.privacy import evaluation, figures
from tfrwc.studies.privacy.answer import answer
from tfrwc.studies.privacy.findings import details
from tfrwc.studies.privacy.names import (
    arm_name,
    class_name,
    mechanism_name,
    release_name,
)
from tfrwc.studies.privacy.release_comparison import (
    compare_releases,
    findings,
    sample,
)
from tfrwc.studies.privacy.summary import summarise
from tfrwc.studies.report_registry import register as register_report

import_modules(figures)
_NAMES = {
    "arm_name": arm_name,
    "class_name": class_name,
    "mechanism_name": mechanism_name,
    "network_name": network_name,
    "release_name": release_name,
    "set_name": set_name,
}


def write_report(
    results: dict[str, Any],
    pictures: dict[str, np.ndarray],
    out: str | os.PathLike[str],
) -> Path:
    """Write report.html and figures/*.png, a contact sheet for each mechanism.

    Args:
        results, pictures: of `tfrwc.studies.privacy.release_comparison`; with those of
            `tfrwc.studies.privacy.summary` as results["training"], if there are.
        out: folder.

    Returns:
        Path of the page.
    """
    training = results.get("training")
    drawings = draw("private_training", training) if training else []
    drawings += draw("private_pneumonia", results | {"pictures": pictures})
    first, *more = findings(results) or ("Nothing was released.",)
    return write_page(
        Path(__file__).with_name("private_pneumonia.html.jinja"),
        drawings,
        out,
        r=results,
        training=training,
        answer=answer(training) if training else Answer(first, tuple(more)),
        released=[first, *more],
        details=details(training) if training else [],
        **_NAMES,
    )


@register_report(
    "private_pneumonia", needs=("examples", "evaluations"), takes=("pushed",)
)
def report(
    settings: dict[str, Any],
    out: str | os.PathLike[str],
    examples: Any,
    evaluations: list[Any],
    pushed: Any,
) -> dict[str, Any]:
    """The report of a trial: its trainings evaluated, and the releases asked for."""
    asked = settings["mechanisms"]
    names = list(standard_names() if asked is None else asked)
    images = sample(read_task(examples.uri))
    results, pictures = compare_releases(images, secret_key(), names)
    runs = [evaluation.read(one.uri) for one in evaluations]
    path = None if pushed is None else read_pushed(pushed.uri)
    results["training"] = summarise(runs, settings, path)
    write_report(results, pictures, out)
    return results

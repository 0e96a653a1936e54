"""The page of the study: what training costs, and all releases."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc.privacy.keys import secret_key
from tfrwc.report.figures import draw
from tfrwc.report.page import write_page
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.example_sets import read_task
from tfrwc.studies.privacy import evaluation, figures
from tfrwc.studies.privacy.release_comparison import compare_releases, sample
from tfrwc.studies.privacy.summary import summarise
from tfrwc.studies.report_registry import register as register_report

import_modules(figures)


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
    template = Path(__file__).with_name("private_pneumonia.html.jinja")
    return write_page(template, drawings, out, r=results, training=training)


@register_report("private_pneumonia", needs=("examples", "evaluations"))
def report(
    settings: dict[str, Any],
    out: str | os.PathLike[str],
    examples: Any,
    evaluations: list[Any],
) -> dict[str, Any]:
    """The report of a trial: its images released, and its trainings evaluated."""
    images = sample(read_task(examples.uri))
    results, pictures = compare_releases(images, secret_key())
    runs = [evaluation.read(one.uri) for one in evaluations]
    results["training"] = summarise(runs, settings)
    write_report(results, pictures, out)
    return results

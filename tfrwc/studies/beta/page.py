"""The page of the study."""

import os
from pathlib import Path
from typing import Any

import numpy as np

from tfrwc.report.figures import draw
from tfrwc.report.page import write_page
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.beta import figures
from tfrwc.studies.beta.files import read_part
from tfrwc.studies.beta.findings import answer, linear_worlds, nonlinear_worlds
from tfrwc.studies.beta.names import measure_name, world_name
from tfrwc.studies.beta.sayings import beside_baselines, encoders
from tfrwc.studies.beta.summary import summarise
from tfrwc.studies.beta.verdicts import (
    best_of_world,
    decided,
    has_best,
    score_has_best,
)
from tfrwc.studies.names import set_name
from tfrwc.studies.report_registry import register as register_report

import_modules(figures)


def write_report(
    results: dict[str, Any],
    pictures: dict[str, np.ndarray],
    out: str | os.PathLike[str],
) -> Path:
    """Write report.html and figures/*.png.

    Args:
        results: of `tfrwc.studies.beta.summary`, as in results.json; their verdicts
            are decided anew.
        pictures: of `tfrwc.studies.beta.images.sweep`.
        out: folder.

    Returns:
        Path of the page.
    """
    results = decided(results)
    return write_page(
        Path(__file__).with_name("optimal_beta.html.jinja"),
        draw("optimal_beta", results | {"pictures": pictures}),
        out,
        r=results,
        answer=answer(results),
        beside_baselines=beside_baselines(results),
        encoders=encoders(results["images"]),
        linear_worlds=linear_worlds(results),
        nonlinear_worlds=nonlinear_worlds(results),
        best_of_world=best_of_world,
        has_best=has_best,
        measure_name=measure_name,
        score_has_best=score_has_best,
        set_name=set_name,
        world_name=world_name,
    )


@register_report("optimal_beta", needs=("evaluations",))
def report(
    settings: dict[str, Any], out: str | os.PathLike[str], evaluations: list[Any]
) -> dict[str, Any]:
    """The report of a trial, from the evaluations of its parts."""
    parts = [read_part(evaluation.uri) for evaluation in evaluations]
    results = summarise({name: part for name, part, _ in parts}, settings)
    [pictures] = [pictures for *_, pictures in parts if pictures is not None]
    write_report(results, pictures, out)
    return results

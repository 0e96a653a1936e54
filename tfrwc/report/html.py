"""Pages of results: one HTML file each that needs nothing else."""

import base64
import io
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from tfrwc.report import (
    beta_figures,
    dynamics_figures,
    figures,
    private_figures,
    study_figures,
)
from tfrwc.report.contact_sheets import contact_sheet

FIGURES = {
    "training_curves": figures.training_curves,
    "heat_map": figures.heat_map,
    "trends": figures.trends,
    "depth": figures.depth,
    "depth_effects": dynamics_figures.depth_effects,
    "number_of_trends": figures.number_of_trends,
}
BETA_FIGURES = {
    "inference": beta_figures.inference,
    "nonlinear": beta_figures.nonlinear,
    "learned": beta_figures.learned,
    "collapse_diagram": beta_figures.collapse_diagram,
    "images": beta_figures.images,
    "collapse": beta_figures.collapse,
}
STUDY_FIGURES = {
    "verdicts": study_figures.verdicts,
    "late_to_early": study_figures.late_to_early,
    "measure_by_size": study_figures.measure_by_size,
}
PRIVATE_FIGURES = {
    "trade_off": private_figures.trade_off,
    "membership": private_figures.membership,
    "layer_change": private_figures.layer_change,
}


def write_report(results, out):
    """Write report.html and figures/*.png.

    Args:
        results: as in results.json of `tfrwc.studies.dynamics.analysis`.
        out: folder.

    Returns:
        Path of the page.
    """
    drawn = {name: draw(results) for name, draw in FIGURES.items()}
    return _write_page(
        "learning_dynamics",
        drawn,
        out,
        r=results,
        trend_colour=figures.trend_colour,
    )


def write_study_report(results, out):
    """Write report.html and figures/*.png of many trials.

    Args:
        results: as in results.json of `tfrwc.studies.dynamics.study`.
        out: folder.

    Returns:
        Path of the page.
    """
    drawn = {name: draw(results) for name, draw in STUDY_FIGURES.items()}
    tasks = study_figures.comparisons(results)
    kinds = study_figures.kinds(results)
    drawn |= {f"tasks_{name}": figure for name, figure in tasks.items()}
    drawn |= {f"kinds_{name}": figure for name, figure in kinds.items()}
    return _write_page(
        "dynamics_study", drawn, out, r=results, tasks=list(tasks), kinds=list(kinds)
    )


def write_private_report(results, pictures, out):
    """Write report.html and figures/*.png, a contact sheet for each mechanism.

    Args:
        results, pictures: of `tfrwc.studies.privacy.comparison.run`; with those of
            `tfrwc.studies.privacy.trial.run` as results["training"], if there are.
        out: folder.

    Returns:
        Path of the page.
    """
    kinds = {}
    for release in results["releases"]:
        kinds.setdefault(release["statement"]["mechanism"], []).append(release)
    drawn = {
        kind: contact_sheet(
            [pictures["original"], *(pictures[r["name"]] for r in releases)],
            [
                "original",
                *(
                    f"{r['name']}\nSSIM {r['ssim']:.2f}, PSNR {r['psnr']:.1f} dB"
                    for r in releases
                ),
            ],
        )
        for kind, releases in kinds.items()
    }
    training = results.get("training")
    if training:
        drawn |= {name: draw(training) for name, draw in PRIVATE_FIGURES.items()}
    return _write_page(
        "private_pneumonia", drawn, out, r=results, kinds=kinds, training=training
    )


def write_beta_report(results, pictures, out):
    """Write report.html and figures/*.png.

    Args:
        results, pictures: of `tfrwc.studies.beta.study.run`.
        out: folder.

    Returns:
        Path of the page.
    """
    drawn = {name: draw(results) for name, draw in BETA_FIGURES.items()}
    drawn["traversals"] = beta_figures.traversals(pictures)
    return _write_page("optimal_beta", drawn, out, r=results)


def _write_page(template, drawn, out, **context):
    out = Path(out)
    (out / "figures").mkdir(parents=True, exist_ok=True)
    pictures = {}
    for name, figure in drawn.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        (out / "figures" / f"{name}.png").write_bytes(buffer.getvalue())
        pictures[name] = base64.b64encode(buffer.getvalue()).decode()
    environment = Environment(
        loader=PackageLoader("tfrwc", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["signed"] = _signed
    environment.filters["epsilon"] = _epsilon
    environment.filters["percent"] = _percent
    page = environment.get_template(f"{template}.html.jinja").render(
        pictures=pictures, **context
    )
    path = out / "report.html"
    path.write_text(page, encoding="utf-8")
    return path


def _number(value):
    if value is None:
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else f"{value:,}"


def _signed(value):
    return "–" if value is None else f"{value:+.2f}"


def _epsilon(value):
    value = float(value)
    if value == float("inf"):
        return "none"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _percent(found):
    low, high = 100 * found["low"], 100 * found["high"]
    return f"{100 * found['value']:.1f} ({low:.1f} to {high:.1f})"

"""A page of a learning-dynamics result: one HTML file that needs nothing else."""

import base64
import io
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from tfrwc.report import figures

FIGURES = {
    "training_curves": figures.training_curves,
    "heat_map": figures.heat_map,
    "trends": figures.trends,
    "depth": figures.depth,
    "number_of_trends": figures.number_of_trends,
}


def write_report(results, out):
    """Write report.html and figures/*.png.

    Args:
        results: as in results.json of `tfrwc.studies.learning_dynamics`.
        out: folder.

    Returns:
        Path of the page.
    """
    out = Path(out)
    (out / "figures").mkdir(parents=True, exist_ok=True)
    pictures = {}
    for name, draw in FIGURES.items():
        buffer = io.BytesIO()
        draw(results).savefig(buffer, format="png")
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
    page = environment.get_template("learning_dynamics.html.jinja").render(
        r=results, pictures=pictures, trend_colour=figures.trend_colour
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

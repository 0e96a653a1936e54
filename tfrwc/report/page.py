"""A page of results: one HTML file that needs nothing beside it.

A study has a template in its own folder, which extends base.html.jinja of this one
and says where its text, its tables and the sections of its figures stand.
"""

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tfrwc._common.files import replacing, write_text
from tfrwc._common.paths import local_path
from tfrwc._common.plain import number
from tfrwc.privacy.statement import with_article
from tfrwc.recording.names import shortened
from tfrwc.report.figures import Drawing
from tfrwc.report.titled import first_sentence, pixels, png, under

_HERE = Path(__file__).parent


def write_page(
    template: str | os.PathLike[str],
    drawings: Iterable[Drawing],
    out: str | os.PathLike[str],
    **context: Any,
) -> Path:
    """Write report.html and figures/*.png.

    Args:
        template: path of the study's template.
        drawings: of `tfrwc.report.figures.draw`; the template takes them section by
            section from ``figures``, and those that are left come last.
        out: folder, which is made if it is not there.
        **context: what else the template names.

    Returns:
        Path of the page.
    """
    template, out = Path(template), local_path(out, "out")
    (out / "figures").mkdir(parents=True, exist_ok=True)
    pictures = [_save(drawing, out / "figures") for drawing in drawings]
    page = rendered(template, figures=_Gallery(pictures), **context)
    path = out / "report.html"
    write_text(path, page)
    return path


def rendered(template: Path, **context: Any) -> str:
    """The text of a page.

    Args:
        template: path of the template.
        **context: what the template names.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "signed": _signed,
        "epsilon": _epsilon,
        "percent": _percent,
        "short": shortened,
        "capitalize_first": _capitalize_first,
        "article": with_article,
    }
    return environment.get_template(template.name).render(**context)


@dataclass(frozen=True)
class _Picture:
    """A drawing as the template has it; `data` is a PNG in base 64."""

    data: str
    caption: str
    alt: str
    section: str
    item: str | None


class _Gallery:
    """The pictures of a page, each of which is shown once."""

    def __init__(self, pictures: list[_Picture]) -> None:
        self._left = pictures

    def take(self, section: str) -> list[_Picture]:
        """The pictures of a section that were not taken yet."""
        taken = [one for one in self._left if one.section == section]
        self._left = [one for one in self._left if one.section != section]
        return taken

    def rest(self) -> list[_Picture]:
        """The pictures of sections that the template does not name."""
        taken, self._left = self._left, []
        return taken


def _save(drawing: Drawing, folder: Path) -> _Picture:
    """Write a picture with its title; on the page its caption says the same."""
    title, figure = first_sentence(drawing.caption), drawing.figure
    drawn = pixels(figure)  # once: to lay it out takes most of the time of a page
    with replacing(folder / f"{drawing.name}.png") as file:
        file.write(png(under(title, drawn, figure.dpi)))
    return _Picture(
        base64.b64encode(png(drawn)).decode(),
        drawing.caption,
        drawing.alt,
        drawing.section,
        drawing.item,
    )


def _number(value: float | str | None) -> str:
    """Three digits; whole numbers in full; a dash where there is no value."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{number(value):.3g}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.2f}"


def _epsilon(value: float | str | None) -> str:
    """An epsilon, of which infinity is no guarantee."""
    epsilon = number(value)
    if epsilon == float("inf"):
        return "none"
    return f"{epsilon:,.0f}" if epsilon >= 100 else f"{epsilon:.3g}"


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _percent(score: dict[str, float]) -> str:
    low, high = 100 * score["low"], 100 * score["high"]
    return f"{100 * score['value']:.1f} ({low:.1f} to {high:.1f})"

"""Figures register themselves, with what they show; pages loop over them.

A figure is a function from the results of a study, as they stand in results.json, to
a Matplotlib figure. Registered under the name of the study, it is drawn on the next
page of that study, with its caption and with a text for those who cannot see it:

>>> from tfrwc.report import figures
>>> from tfrwc.report.canvas import array, subplots
>>> def most(results):
...     change = array(results["change"]["mean"]).max(axis=1)
...     return f"The largest change of any layer in an epoch is {change.max():.2f}."
>>> @figures.register(
...     "learning_dynamics",
...     "largest_change",
...     caption=most,
...     alt="Bars: the largest change of each layer in an epoch",
... )
... def largest_change(results):
...     figure, axis = subplots(9, 3)
...     change = array(results["change"]["mean"]).max(axis=1)
...     axis.bar(range(len(change)), change)
...     return figure
>>> results = {"change": {"mean": [[0.5, 0.1], [0.2, 0.3]]}}
>>> largest_change(results)
<Figure size 1170x390 with 1 Axes>
>>> most(results)
'The largest change of any layer in an epoch is 0.50.'
>>> figures.unregister("learning_dynamics", "largest_change")
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from matplotlib.figure import Figure

from tfrwc._common.registry import Registry

Results: TypeAlias = dict[str, Any]
Text: TypeAlias = str | Callable[..., str]
Draw: TypeAlias = Callable[[Results], Figure | dict[str, Figure] | None]

# The section of figures that name none: at the end of the page.
MORE = "more"
_ITEM = "{item}"


@dataclass(frozen=True)
class StudyFigure:
    """A registered figure.

    Attributes:
        name: of its file, without ``.png``.
        draw: from the results to a figure, to a dict of figures by item, or to None
            where there is nothing to show.
        caption: a text, or a function from the results (and the item) to one.
        alt: the same, for those who cannot see the figure.
        section: of the page.
    """

    name: str
    draw: Draw
    caption: Text
    alt: Text
    section: str


@dataclass(frozen=True, eq=False)
class Drawing:
    """A figure that is drawn, with its texts.

    Attributes:
        name: of its file, without ``.png``.
        figure: of Matplotlib.
        caption, alt: texts.
        section: of the page.
        item: what it shows, where one function draws a figure for each of several.
    """

    name: str
    figure: Figure
    caption: str
    alt: str
    section: str
    item: str | None = None


_STUDIES: defaultdict[str, Registry[StudyFigure]] = defaultdict(
    lambda: Registry("figure")
)


def register(
    study: str, name: str, *, caption: Text, alt: Text, section: str = MORE
) -> Callable[[Draw], Draw]:
    """Decorate a function that draws a figure of a study.

    Args:
        study: as ``study`` in its results.json: ``"learning_dynamics"``,
            ``"learning_dynamics_claims"``, ``"private_pneumonia"``,
            ``"private_training"`` or ``"optimal_beta"``.
        name: of the file, without ``.png``. A function that returns a dict draws one
            figure for each item of it; its name then has ``{item}`` in it.
        caption: what the figure shows and how to read it; a text, or a function from
            the results, and from the item if there are several, to a text. Its first
            sentence, which says what was found, is the title of the picture's file.
        alt: for those who cannot see the figure, in the same forms.
        section: of the page, see its template; figures without one come last.

    Raises:
        ValueError: if the study has another figure of this name.
    """

    def decorate(draw: Draw) -> Draw:
        figure = StudyFigure(name, draw, caption, alt, section)
        _STUDIES[study].register(name, figure)
        return draw

    return decorate


def unregister(study: str, name: str) -> None:
    """Take a figure off the page of a study.

    Raises:
        ValueError: if the study has no figure of this name.
    """
    _STUDIES[study].unregister(name)


def draw(study: str, results: Results) -> list[Drawing]:
    """Draw all figures of a study, in the order in which they were registered."""
    return [
        drawing
        for figure in _STUDIES[study].values()
        for drawing in _drawings(figure, results)
    ]


def _drawings(figure: StudyFigure, results: Results) -> Iterator[Drawing]:
    drawn = figure.draw(results)
    if drawn is None:
        return
    if not isinstance(drawn, dict):
        yield Drawing(
            figure.name,
            drawn,
            _text(figure.caption, results),
            _text(figure.alt, results),
            figure.section,
        )
        return
    for item, one in drawn.items():
        yield Drawing(
            figure.name.replace(_ITEM, item),
            one,
            _text(figure.caption, results, item),
            _text(figure.alt, results, item),
            figure.section,
            item,
        )


def _text(text: Text, *of: Any) -> str:
    return text if isinstance(text, str) else text(*of)

"""Pictures in SVG, written from data: every mark has a title that a pointer shows.

>>> print(tag("circle", title="a < b", r=3))
<circle r="3"><title>a &lt; b</title></circle>
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

from tfrwc.recording.names import distinct, shortened

CHARACTER = 7.0
"""Width of a letter of labels, in pixels."""


@dataclass(frozen=True)
class Figure:
    """A picture with its texts.

    Attributes:
        id: of the element on the page, a word.
        body: what is drawn.
        width, height: in pixels.
        title: what it is, in a few words.
        finding: what it shows, for those who cannot see it too.
        caption: how to read it, and what was left out or put together.
    """

    id: str
    body: Markup
    width: float
    height: float
    title: str
    finding: str
    caption: str


def tag(
    name: str,
    *children: Markup,
    title: str | None = None,
    text: str | None = None,
    **attributes: object,
) -> Markup:
    """An element.

    Args:
        name: of the element.
        *children: within it.
        title: shown by a pointer that rests on it.
        text: within it.
        **attributes: those that are None are left out; ``_`` stands for ``-``, and a
            last one for nothing. Numbers have a digit behind the point.
    """
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    ]
    inner = "".join(children)
    if text is not None:
        inner = f"{escape(text)}{inner}"
    if title is not None:
        inner = f"<title>{escape(title)}</title>{inner}"
    end = f">{inner}</{name}>" if inner else "/>"
    return Markup(f"<{name}{''.join(parts)}{end}")


def group(children: Iterable[Markup], **attributes: object) -> Markup:
    """Elements in a group."""
    return tag("g", Markup("").join(children), **attributes)  # type: ignore[arg-type]


def path(x: npt.ArrayLike, y: npt.ArrayLike) -> str:
    """The data of a line through points in pixels, broken where one is NaN.

    A point between gaps becomes a line of no length, which round ends make a dot.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    words, drawing = [], False
    for one, other in zip(x.tolist(), y.tolist(), strict=True):
        if one != one or other != other:
            drawing = False
            continue
        words.append(f"{'L' if drawing else 'M'}{short(one)} {short(other)}")
        drawing = True
    followed = [*words[1:], "M"]
    return "".join(
        f"{word}h0" if word[0] == after[0] == "M" else word
        for word, after in zip(words, followed, strict=False)
    )


def area(x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> str:
    """The data of the areas between two lines, where both have points."""
    x, low, high = (np.asarray(each, float) for each in (x, low, high))
    there = np.isfinite(low) & np.isfinite(high)
    words = []
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]])))
    for start, stop in edges.reshape(-1, 2):
        part = slice(start, stop)
        points = [
            *zip(x[part], low[part], strict=True),
            *reversed([*zip(x[part], high[part], strict=True)]),
        ]
        words.append("M" + "L".join(f"{short(a)} {short(b)}" for a, b in points) + "z")
    return "".join(words)


def short(value: float) -> str:
    """A number of pixels, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def fitted(name: str, width: float) -> str:
    """A name that is no wider than so many pixels, with an ellipsis for its middle."""
    most = int(width / CHARACTER)
    text = shortened(name, max(most, 3))
    while most > 3 and sum(map(_cells, text)) * CHARACTER > width:
        most -= 1
        text = shortened(name, most)
    return text


def all_fitted(names: Sequence[str], width: float) -> list[str]:
    """Names that are no wider than so many pixels, those that differ by other texts."""
    return [
        fitted(name, width) for name in distinct(names, max(int(width / CHARACTER), 3))
    ]


def isolated(name: str) -> str:
    """A name whose direction of writing does not reach the words beside it."""
    backward = any(unicodedata.bidirectional(c) in ("R", "AL") for c in name)
    return f"\u2068{name}\u2069" if backward else name


def _cells(character: str) -> int:
    """Letters that are as wide as a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _attribute(value: object) -> Markup:
    if isinstance(value, (float, np.floating)):
        return Markup(short(float(value)))
    return escape(value)

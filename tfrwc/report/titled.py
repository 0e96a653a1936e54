"""Pictures that say by themselves what they show, wherever they are put."""

import io
import re
import textwrap

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave

Pixels = npt.NDArray[np.uint8]

_SIZE = 10  # points
_LETTERS = 12.5  # of such a size, in an inch
_LINE = 0.2  # inches
# A sentence ends before a space and a capital, so that "95 % of x = 1.5" is not cut.
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s+(?=[A-ZΑ-Ω])|$)", re.DOTALL)


def first_sentence(text: str) -> str:
    """The first sentence of a caption, which says what was found."""
    match = _SENTENCE.match(text)
    return match[1] if match else text


def pixels(figure: Figure) -> Pixels:
    """A figure as it is drawn, uint8 (height, width, 4)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.array(canvas.buffer_rgba())


def titled(figure: Figure, title: str) -> Pixels:
    """A figure below its title, which takes as many lines as it needs.

    Nothing of the figure moves: its axes, legends and texts are as without a title.

    Args:
        figure: of Matplotlib.
        title: a sentence.

    Returns:
        As `pixels`.
    """
    return under(title, pixels(figure), figure.dpi)


def under(title: str, below: Pixels, dpi: float) -> Pixels:
    """A picture below its title, as of `titled`.

    Args:
        title: a sentence.
        below: as `pixels` draws a figure.
        dpi: its dots to an inch.
    """
    width = below.shape[1] / dpi
    if title.split(" ")[0].isalpha():  # else it is a name, as of a layer
        title = title[:1].upper() + title[1:]
    lines = textwrap.wrap(title, int(_LETTERS * width))
    if not lines:
        return below
    strip = Figure((width + 0.5 / dpi, _LINE * (len(lines) + 1)), dpi)
    strip.text(
        0.08 / width,
        0.5,
        "\n".join(lines),
        va="center",
        fontsize=_SIZE,
        parse_math=False,
    )
    return np.concatenate([pixels(strip), below])


def png(picture: Pixels) -> bytes:
    """The content of a PNG file with this picture."""
    buffer = io.BytesIO()
    imsave(buffer, picture, format="png")
    return buffer.getvalue()

"""The canvas of all figures: axes without clutter, colours, and JSON as arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tfrwc.recording.names import distinct

# Okabe and Ito's palette, told apart with any colour vision.
TREND_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#999933",
    "#000000",
    "#882255",
    "#44AA99",
)
NO_TREND_COLOUR = "#9a9a9a"


def trend_colour(trend: int) -> str:
    """The colour of a trend, counted from 0; grey for -1, which is no trend."""
    return TREND_COLOURS[trend % len(TREND_COLOURS)] if trend >= 0 else NO_TREND_COLOUR


def array(rows: Sequence[Any]) -> np.ndarray:
    """Rows of JSON as a float64 array: null becomes NaN, "infinity" infinity."""
    return np.array(rows, dtype=np.float64)


def subplots(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, Any]:
    """A figure with axes that have no frame above and on the right.

    Args:
        width, height: of the figure, in inches.
        rows, columns: of axes.
        **options: of `matplotlib.figure.Figure.subplots`.

    Returns:
        The figure, and its axes as `Figure.subplots` returns them.
    """
    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    axes = figure.subplots(rows, columns, **options)
    for axis in np.atleast_1d(axes).flat:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def label(name: str, most: int) -> str:
    """The name of a layer in a picture, of at most so many characters.

    Matplotlib would read what stands between two dollars as a formula.
    """
    return labels([name], most)[0]


def labels(names: Sequence[str], most: int) -> list[str]:
    """Names of layers as of `label`, those that differ by other texts."""
    return [name.replace("$", r"\$") for name in distinct(names, most)]

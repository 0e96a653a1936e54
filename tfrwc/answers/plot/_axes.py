"""Axes of displays: made where none are given, with scales that fit the values."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from tfrwc.answers.view import View, spans_decades
from tfrwc.dynamics.arrays import Floats

STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (9, 2)))
MARKERS = "osD^vP*X"
_FEW_DECADES = 1e3


class Drawn:
    """What displays share: few words where a notebook shows them below the picture."""

    view: View

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {len(self.view.names)} layers"


def given_or_new(ax: Any, width: float, height: float) -> Any:
    """`ax`, or axes of a new figure of pyplot, so that a notebook shows it.

    Args:
        ax: axes of Matplotlib, or None.
        width, height: of a new figure, in inches.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def over_records(ax: Any, view: View, shown: npt.ArrayLike) -> None:
    """Name the axes of curves over records, and choose their scales.

    Args:
        ax: axes of Matplotlib.
        view: whose records are on the horizontal axis.
        shown: all values that are drawn.
    """
    ax.set(xlabel=view.x_label, ylabel=view.y_label)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    scale_for(ax.yaxis, ax.set_yscale, ax.set_ylim, shown)


def scale_for(axis: Any, set_scale: Any, set_limits: Any, shown: npt.ArrayLike) -> None:
    """Logarithms where the values span decades, with room below for zeros."""
    values = np.asarray(shown, np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        for each in (axis.axes.xaxis, axis.axes.yaxis):
            each.set_ticks([])
        axis.axes.text(0.5, 0.5, "no layer has a value in any record", ha="center",
                       transform=axis.axes.transAxes)  # fmt: skip
    elif spans_decades(values):
        set_scale("log")
        positive = values[values > 0]
        low, high = positive.min() / 1.6, positive.max() * 1.3
        set_limits(low, high)
        if high < _FEW_DECADES * low:  # else numbers would lie on each other
            axis.set_major_locator(LogLocator(subs=(1, 3)))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_formatter(NullFormatter())


def curve(ax: Any, x: Floats, y: Floats, log: bool, **style: Any) -> Any:
    """Draw a curve; a value between gaps is a dot.

    Args:
        ax: axes of Matplotlib.
        x, y: (records,).
        log: whether values are on a scale of logarithms; zeros are then at the lower
            edge.
        **style: of the line.

    Returns:
        The line.
    """
    (line,) = ax.plot(x, np.where((y == 0) & log, np.nan, y), **style)
    drawn = np.isfinite(y) & ~((y == 0) & log)
    beside = np.pad(drawn, 1)
    alone = drawn & ~beside[:-2] & ~beside[2:]
    if alone.any():
        ax.plot(x[alone], y[alone], "o", color=line.get_color(), markersize=4)
    zero = (y == 0) & log
    if zero.any():
        ax.plot(
            x[zero],
            np.zeros(zero.sum()),
            "v",
            color=line.get_color(),
            markerfacecolor="none",
            markersize=5,
            markevery=max(1, int(zero.sum()) // 30),
            clip_on=False,
            transform=ax.get_xaxis_transform(),
        )
    return line


def say_zeros(ax: Any, values: npt.ArrayLike) -> None:
    """Say what the triangles at the lower edge are, where there are any."""
    if (np.asarray(values) == 0).any() and spans_decades(values):
        ax.plot([], [], "v", color="0.3", markerfacecolor="none", label="exactly 0")


def legend(ax: Any, ncols: int = 3) -> None:
    """A legend above the axes, where it hides nothing."""
    ax.legend(
        frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=ncols
    )

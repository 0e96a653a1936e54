"""All curves in one picture, coloured by trend, sized for the cards of TensorBoard."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.dynamics.online import OnlineTrends
from tfrwc.report.canvas import subplots, trend_colour

SIZE = 350, 210
"""Width and height in pixels, as TensorBoard shows pictures. It leaves out pixels of
larger ones, and letters lack strokes."""

_DPI, _POINTS = 100, 8.0
_MAX_DRAWN_CURVES = 300


def trend_curves(trends: OnlineTrends) -> Figure:
    """The curves so far, coloured by trend, the median of each trend thick.

    Args:
        trends: of which, where there are more than 300 layers, evenly chosen ones are
            drawn; the medians are of all.
    """
    figure, axis = subplots(SIZE[0] / _DPI, SIZE[1] / _DPI)
    figure.set_dpi(_DPI)
    # By whole steps, so that the same layers are drawn each time.
    chosen = slice(None, None, -(-len(trends.curves_) // _MAX_DRAWN_CURVES))
    curves, labels = trends.curves_[chosen], trends.labels_[chosen]
    lines = [np.column_stack([trends.records_, curve]) for curve in curves]
    colours = [trend_colour(label) for label in labels]
    axis.add_collection(
        LineCollection(lines, colors=colours, linewidths=0.7, alpha=0.4)
    )
    for trend, center in zip(trends.trends_, trends.centers_, strict=True):
        count = int((trends.labels_ == trend).sum())
        axis.plot(
            trends.records_,
            center,
            "-o" if len(center) == 1 else "-",
            color=trend_colour(trend),
            linewidth=2.4,
            label=f"trend {trend + 1}: {count} layer{'s' if count > 1 else ''}",
        )
    without = int((trends.labels_ == -1).sum())
    if without:
        axis.plot([], [], color=trend_colour(-1), label=f"in no trend: {without}")
    axis.autoscale_view()
    axis.set_xlabel("record", fontsize=_POINTS)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.set_ylabel("relative change", fontsize=_POINTS)
    # A scale of logarithms needs a number on it.
    if (np.isfinite(curves) & (curves > 0)).any():
        axis.set_yscale("log")
        low, high = np.nanmin(curves), np.nanmax(curves)
        axis.set_ylim(low / 1.2, high * 1.2)
    axis.tick_params(labelsize=_POINTS)
    # Beside the curves it would lie on some of them.
    figure.legend(
        loc="outside upper right",
        ncols=2,
        handlelength=1.2,
        handletextpad=0.5,
        frameon=False,
        fontsize=_POINTS,
    )
    return figure


def pixels(figure: Figure) -> np.ndarray:
    """A figure as an image, uint8 (height, width, 3)."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]

"""Which layers changed, when, and how much."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import array, subplots
from tfrwc.report.figures import Results, register


def caption(results: Results) -> str:
    change = np.nan_to_num(array(results["change"]["mean"]))
    layer, epoch = np.unravel_index(change.argmax(), change.shape)
    first, last = np.median(change[:, 0]), np.median(change[:, -1])
    return (
        f"{results['layers'][layer]['name']} changed most, by {change.max():.2g} of "
        f"its size in epoch {results['epochs'][epoch]}; the median layer by "
        f"{first:.2g} in the first epoch and by {last:.2g} in the last. One row per "
        "layer, the first layer on top. Bright is much change; white, none."
    )


@register(
    "learning_dynamics",
    "heat_map",
    caption=caption,
    alt="Heat map of the relative change of each layer in each epoch",
    section="change",
)
def heat_map(results: Results) -> Figure:
    """Relative change of each layer (row, first layer on top) at each epoch."""
    change = array(results["change"]["mean"])
    names = [layer["name"] for layer in results["layers"]]
    figure, axis = subplots(9, 1.2 + 0.19 * max(len(names), 8))
    positive = np.where(change > 0, change, np.nan)
    image = axis.imshow(
        positive,
        aspect="auto",
        norm=LogNorm(np.nanmin(positive), np.nanmax(positive)),
        cmap="viridis",
        interpolation="nearest",
        extent=(results["epochs"][0] - 0.5, results["epochs"][-1] + 0.5, len(names), 0),
    )
    axis.set_xlabel("epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    step = max(1, len(names) // 60)
    axis.set_yticks(np.arange(0, len(names), step) + 0.5, names[::step], fontsize=7)
    figure.colorbar(image, ax=axis, label="relative change in the epoch", pad=0.02)
    return figure

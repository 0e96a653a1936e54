"""Which layers changed, when, and how much."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.recording.names import shortened
from tfrwc.report.canvas import array, label, subplots
from tfrwc.report.figures import Results, register

_POINTS = 1500


def caption(results: Results) -> str:
    change = np.nan_to_num(array(results["change"]["mean"]))
    layer, epoch = np.unravel_index(change.argmax(), change.shape)
    first, last = np.median(change[:, 0]), np.median(change[:, -1])
    name = shortened(results["layers"][layer]["name"])
    return (
        f"{name} changed most, by {change.max():.2g} of its size in epoch "
        f"{results['epochs'][epoch]}; the median layer by {first:.2g} in the first "
        f"epoch and by {last:.2g} in the last. One row per layer, the first layer on "
        "top. Bright is much change; white, none."
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
    names = [label(layer["name"], 40) for layer in results["layers"]]
    # A picture has no more than so many inches, however many layers there are.
    figure, axis = subplots(9, 1.2 + 0.19 * min(max(len(names), 8), 200))
    # More rows and columns than a picture has points would not be seen.
    steps = (slice(None, None, max(1, -(-n // _POINTS))) for n in change.shape)
    shown = change[tuple(steps)]
    positive = np.where(shown > 0, shown, np.nan)
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

"""Which layers changed, when, and how much."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tfrwc.answers.folding import ROWS
from tfrwc.answers.plot import HeatMapDisplay
from tfrwc.answers.view import View
from tfrwc.recording.names import shortened
from tfrwc.report.canvas import array, subplots
from tfrwc.report.figures import Results, register


def caption(results: Results) -> str:
    change = np.nan_to_num(array(results["change"]["mean"]))
    layer, epoch = np.unravel_index(change.argmax(), change.shape)
    first, last = np.median(change[:, 0]), np.median(change[:, -1])
    name = shortened(results["layers"][layer]["name"])
    return (
        f"{name} changed most, by {change.max():.2g} of its size in epoch "
        f"{results['epochs'][epoch]}; the median layer by {first:.2g} in the first "
        f"epoch and by {last:.2g} in the last. One row per layer, or block of "
        "neighbours, the first on top. Bright is much change; grey, none; hatched, no "
        "value."
    )


@register(
    "learning_dynamics",
    "heat_map",
    caption=caption,
    alt="Heat map of the relative change of each layer in each epoch",
    section="change",
)
def heat_map(results: Results) -> Figure:
    """Relative change of each layer (row, first layer on top) at each epoch.

    As the heat map of a recording: many layers are folded into blocks of neighbours.
    """
    names = [layer["name"] for layer in results["layers"]]
    view = View(
        values=array(results["change"]["mean"]),
        layers=pd.DataFrame({"path": names}),
        names=names,
        x=array(results["epochs"]),
        x_label="epoch",
        y_label="relative change in the epoch",
    )
    figure, axis = subplots(9, 1.9 + 0.2 * min(max(len(names), 6), ROWS))
    HeatMapDisplay.from_view(view, axis)
    return figure

"""Which layers change when latents collapse."""

import pandas as pd
from matplotlib.figure import Figure

from tfrwc.answers.plot import HeatMapDisplay
from tfrwc.answers.view import View
from tfrwc.report.canvas import array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.beta.figures._axes import PLAIN
from tfrwc.studies.beta.findings import collapsing


def caption(results: Results) -> str:
    return (
        f"{collapsing(results['collapse'])} One model whose β rises in each epoch. In "
        "the middle, the rate of each of its latents, a line each. Below, the relative "
        "change of each kernel in the epoch, recorded by RWCCallback."
    )


@register(
    "optimal_beta",
    "collapse",
    caption=caption,
    alt="β, the rate of each latent, and the change of each kernel, by epoch",
    section="collapse",
)
def collapse(results: Results) -> Figure:
    """Rates of the latents, and change of the kernels, while β rises."""
    rise = results["collapse"]
    epochs = rise["epochs"]
    figure, axes = subplots(9.6, 6.4, 3, 1, sharex=True, height_ratios=(0.6, 1.1, 1.1))
    axes[0].plot(epochs, rise["beta"], color="0.25")
    axes[0].set_yscale("log", base=2)
    axes[0].yaxis.set_major_formatter(PLAIN)
    axes[0].set_ylabel("β")
    rates = array(rise["rates"])
    axes[1].plot(epochs, rates, linewidth=1.2)
    axes[1].set_ylabel("rate of a latent, nats")
    view = View(
        values=array(rise["change"]),
        layers=pd.DataFrame({"path": rise["layers"]}),
        names=rise["layers"],
        x=array(epochs),
        x_label="epoch",
        y_label="relative change in the epoch",
    )
    HeatMapDisplay.from_view(view, axes[2])
    return figure

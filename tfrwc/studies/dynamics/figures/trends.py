"""Layers that learn alike."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import array, subplots, trend_colour
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.findings import shapes


def caption(results: Results) -> str:
    return (
        f"{shapes(results)} Layers are grouped by the shape of their curves, whatever "
        "the level. Thick: the median of the trend, in the band that holds the middle "
        "80 % of its layers. Grey: all layers. Dotted: what weight decay alone does to "
        "a layer that has stopped learning."
    )


@register(
    "learning_dynamics",
    "trends",
    caption=caption,
    alt="Curves of relative change against epoch, a panel for each trend",
    section="trends",
)
def trends(results: Results) -> Figure:
    """A panel per trend: its layers thin, its median thick in its band."""
    robust = results["trends"]["robust"]
    change, epochs = array(results["change"]["mean"]), results["epochs"]
    labels = np.array(robust["labels"])
    groups = [k for k in range(robust["n_clusters"]) if (labels == k).any()]
    groups += [-1] if (labels == -1).any() else []
    columns = min(3, len(groups))
    rows = -(-len(groups) // columns)
    figure, axes = subplots(
        9, 0.6 + 2.6 * rows, rows, columns, sharex=True, sharey=True, squeeze=False
    )
    decay = results["change"]["by_weight_decay_alone"]
    for axis, group in zip(axes.flat, groups, strict=False):
        if decay > 0:
            axis.axhline(decay, color="0.4", linestyle=":", linewidth=1)
        colour = trend_colour(group)
        axis.plot(epochs, change.T, color="0.88", linewidth=0.7)
        members = labels == group
        axis.plot(epochs, change[members].T, color=colour, alpha=0.45, linewidth=0.9)
        if group >= 0:
            if "bands" in robust:  # results of early versions have none
                low, high = array(robust["bands"])[group]
                axis.fill_between(epochs, low, high, color=colour, alpha=0.15, lw=0)
            axis.plot(
                epochs, array(robust["centers"])[group], color=colour, linewidth=2.4
            )
        title = f"trend {group + 1}" if group >= 0 else "in no trend"
        count = int(members.sum())
        axis.set_title(
            f"{title}: {count} layer{'s' if count > 1 else ''}",
            fontsize=10,
            color=colour,
        )
        axis.set_yscale("log")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in axes.flat[len(groups) :]:
        axis.set_axis_off()
    figure.supxlabel("epoch", fontsize=10)
    figure.supylabel("relative change in the epoch", fontsize=10)
    return figure

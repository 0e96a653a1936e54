"""Kinds of layers by themselves."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import array, subplots, trend_colour
from tfrwc.report.figures import Results, register
from tfrwc.studies.names import network_name, set_name


def caption(results: Results, trial: str) -> str:
    counts = ", ".join(
        f"{len(group['labels'])} {kind.replace('_', ' ')} layers into "
        f"{len(group['centers'])}"
        for kind, group in results["kinds"][trial].items()
    )
    return (
        f"{_name(results, trial)}: layers of one kind fall into trends, {counts}. "
        "Thin: layers, in the colour of their trend (grey: in none). Thick: the median "
        "of the trend."
    )


def alt(results: Results, trial: str) -> str:
    name = _name(results, trial)
    return f"Curves of relative change of {name}, a panel for each kind of layer"


@register(
    "learning_dynamics_claims",
    "kinds_{item}",
    caption=caption,
    alt=alt,
    section="kinds",
)
def kinds(results: Results) -> dict[str, Figure]:
    """For each network with kinds of layers: its trends, a panel per kind."""
    return {trial: _panels(groups) for trial, groups in results["kinds"].items()}


def _name(results, trial):
    [settings] = [t["settings"] for t in results["trials"] if t["name"] == trial]
    return f"{network_name(settings['model'])} on {set_name(settings['dataset'])}"


def _panels(kinds):
    columns = min(len(kinds), 4)
    rows = -(-len(kinds) // columns)
    figure, axes = subplots(
        2.6 * columns, 0.5 + 2.5 * rows, rows, columns, sharey=True, squeeze=False
    )
    for axis, (kind, group) in zip(axes.flat, kinds.items(), strict=False):
        curves, labels = array(group["curves"]), np.array(group["labels"])
        epochs = np.arange(1, curves.shape[1] + 1)
        for curve, label in zip(curves, labels, strict=True):
            axis.plot(epochs, curve, color=trend_colour(label), alpha=0.3, lw=0.8)
        for k, center in enumerate(array(group["centers"])):
            axis.plot(epochs, center, color=trend_colour(k), linewidth=2.4)
        trends = len(group["centers"])
        axis.set_title(
            f"{kind.replace('_', ' ')}: {len(labels)} layers,\n{trends} "
            f"trend{'' if trends == 1 else 's'}",
            fontsize=9,
        )
        axis.set_yscale("log")
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in axes.flat[len(kinds) :]:
        axis.set_axis_off()
    axes[0, 0].set_ylabel("relative change in the epoch")
    return figure

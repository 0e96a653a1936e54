"""Whether it can be told who was in the training."""

import numpy as np
from matplotlib.figure import Figure

from tfrwc.report.canvas import subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.privacy.figures.arms import style
from tfrwc.studies.privacy.findings import largest_advantage


def caption(results: Results) -> str:
    return (
        f"{largest_advantage(results['arms'])} Threshold attack on the loss of "
        "training and held-out images; lines are 95 % intervals. The bounds are for "
        "one image replaced by another, by the best attack on that noise."
    )


@register(
    "private_training",
    "membership",
    caption=caption,
    alt="Membership advantage of each arm and seed, with its bound",
    section="membership",
)
def membership(results: Results) -> Figure:
    """Advantage of the threshold attack, each seed, and what the guarantee allows."""
    arms = results["arms"]
    figure, axis = subplots(9.6, 1.2 + 0.26 * len(arms))
    for y, arm in enumerate(arms):
        rows = arm["membership"]["advantage"]
        colour, _ = style(arm)
        offsets = np.linspace(-0.25, 0.25, len(rows)) if len(rows) > 1 else [0.0]
        for offset, row in zip(offsets, rows, strict=True):
            axis.plot(
                [row["low"], row["high"]], [y + offset] * 2, color=colour, alpha=0.5
            )
            axis.plot(row["value"], y + offset, "o", color=colour, markersize=4)
            if row["null_low"] is not None:
                axis.fill_betweenx(
                    [y - 0.4, y + 0.4],
                    row["null_low"],
                    row["null_high"],
                    color="0.93",
                    zorder=0,
                )
        bound = rows[0]["bound"]
        axis.plot(1.0 if bound is None else bound, y, "k|", markersize=11)
    axis.axvline(0, color="0.6", linewidth=0.8)
    axis.set_yticks(range(len(arms)), [arm["name"] for arm in arms], fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel(
        "membership advantage (dot: a seed; grey: by chance; bar: the most that the "
        "noise allows)"
    )
    return figure

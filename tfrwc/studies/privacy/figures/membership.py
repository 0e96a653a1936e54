"""Whether it can be told who was in the training."""

import numpy as np
from matplotlib.figure import Figure

from tfrwc.report.canvas import subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.privacy.allowed import allowed_advantage
from tfrwc.studies.privacy.figures.arms import arm_name, style
from tfrwc.studies.privacy.findings import largest_advantage


def caption(results: Results) -> str:
    together = max(
        arm["membership"].get("images_together", 1) for arm in results["arms"]
    )
    whose = "one image" if together == 1 else f"all of up to {together} of a patient"
    return (
        f"{largest_advantage(results['arms'])} Advantage: the rate of true less that "
        "of false alarms. Dots: a training each, attacked by a threshold on the loss "
        "of training and held-out images; lines: their 95 % intervals; grey: what the "
        "attack finds by chance. Bars: the most that any attack can reach on that "
        f"noise, exactly, where {whose} is replaced; 1 where nothing is guaranteed."
    )


@register(
    "private_training",
    "membership",
    caption=caption,
    alt="Membership advantage of each way of training and seed, with its bound",
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
        bound = allowed_advantage(arm)
        axis.plot(1.0 if bound is None else bound, y, "k|", markersize=11)
    axis.axvline(0, color="0.6", linewidth=0.8)
    axis.set_yticks(range(len(arms)), [arm_name(arm) for arm in arms], fontsize=8)
    axis.invert_yaxis()
    figure.supxlabel(
        "membership advantage (dot: a training; grey: by chance; bar: the most that "
        "any attack can reach)",
        fontsize=10,
    )
    return figure

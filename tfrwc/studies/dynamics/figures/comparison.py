"""Change by task or setting, as `tfrwc.dynamics.compare` finds it."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc._common.plain import number
from tfrwc.dynamics import Comparison
from tfrwc.report.canvas import TREND_COLOURS, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.figures._ratios import ratios


def caption(results: Results, network: str) -> str:
    rows = results["comparisons"][network]["trend"]
    return (
        f"{network}: {'; '.join(map(_said, rows))}. Left: change of each layer, mean "
        "and range over seeds. Right: late over early change, tasks from easy to hard; "
        "dots are seeds."
    )


def alt(results: Results, network: str) -> str:
    return f"Change of the layers of {network} by depth and task"


@register(
    "learning_dynamics_claims",
    "tasks_{item}",
    caption=caption,
    alt=alt,
    section="tasks",
)
def comparisons(results: Results) -> dict[str, Figure]:
    """For each network: change against depth by task, and late against early change."""
    return {
        network: comparison(
            Comparison(
                **{
                    name: pd.DataFrame(value) if isinstance(value, list) else value
                    for name, value in compared["comparison"].items()
                }
            ),
            pd.DataFrame(compared["trend"]),
        )
        for network, compared in results["comparisons"].items()
    }


def comparison(compared: Comparison, trend: pd.DataFrame | None = None) -> Figure:
    """Change against depth by condition, and late against early change.

    Conditions keep the order they were compared in. Left, the geometric mean over
    seeds and the range of seeds; hollow are layers whose shapes differ. Right, dots
    are seeds, the bar is the interval.

    Args:
        compared: of `tfrwc.dynamics.compare`.
        trend: of `tfrwc.dynamics.difficulty_trend`, to say what it showed.
    """
    names = compared.conditions["condition"].tolist()
    colours = [TREND_COLOURS[i % len(TREND_COLOURS)] for i in range(len(names))]
    figure, axes = subplots(
        9.6, 4.2 if trend is None else 4.5, 1, 2, width_ratios=(1.6, 1)
    )
    for name, colour in zip(names, colours, strict=True):
        rows = compared.layers[compared.layers["condition"] == name]
        _change(axes[0], rows, colour, name)
    axes[0].set_xlabel("depth (kernel layers before it)")
    rate = " / learning rate" if compared.per_learning_rate else ""
    axes[0].set_title(
        f"typical change of a layer ({compared.measure}{rate})", fontsize=10
    )
    ratios(axes[0].yaxis, axes[0].set_yscale, axes[0].get_ylim)
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    if not compared.layers["same_shape"].all():
        axes[0].plot(
            [], [], "o", color="0.4", markerfacecolor="white", label="shapes differ"
        )
    axes[0].legend(frameon=False, fontsize=8)
    for x, colour in enumerate(colours):
        mine = compared.recordings["condition"] == names[x]
        seeds = compared.recordings.loc[mine, "late_to_early"]
        _late_to_early(axes[1], x, seeds, compared.conditions.iloc[x], colour)
    axes[1].axhline(1, color="0.6", linewidth=0.8)
    axes[1].set_title("late change / early change", fontsize=10)
    long = max(len(str(name)) for name in names) * len(names) > 30
    axes[1].set_xticks(range(len(names)), names, rotation=30 if long else 0)
    if long:
        for label in axes[1].get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")
    axes[1].set_xlim(-0.6, len(names) - 0.4)
    ratios(axes[1].yaxis, axes[1].set_yscale, axes[1].get_ylim)
    if trend is not None:
        lines = [_said(row) for _, row in trend.iterrows()]
        figure.supxlabel("\n".join(lines), fontsize=9, x=0.99, ha="right")
    return figure


def _change(axis, rows, colour, name):
    depth, change = rows["depth"], rows["change"]
    axis.fill_between(
        depth, rows["lowest"], rows["highest"], color=colour, alpha=0.18, linewidth=0
    )
    axis.plot(depth, change, color=colour, label=name, linewidth=1.6)
    same = rows["same_shape"].to_numpy(bool)
    axis.plot(depth[same], change[same], "o", color=colour, markersize=3.5)
    axis.plot(
        depth[~same],
        change[~same],
        "o",
        color=colour,
        markersize=4.5,
        markerfacecolor="white",
    )


def _late_to_early(axis, x, seeds, condition, colour):
    places = x + np.linspace(-0.15, 0.15, len(seeds)) if len(seeds) > 1 else [x]
    axis.plot(places, seeds, "o", color=colour, alpha=0.45, markersize=4, linewidth=0)
    low, high = condition["late_to_early_low"], condition["late_to_early_high"]
    axis.vlines(x, low, high, color=colour, linewidth=1.6)
    axis.plot(x, condition["late_to_early"], "_", color=colour, markersize=16)


def _said(row):
    if row["verdict"] == "not testable here":
        why = f"at best p = {number(row['smallest_p_value']):.2g}"
    else:
        why = f"p = {number(row['p_value']):.2g}"
    return (
        f"harder tasks recruit later layers, {row['scope']}: {row['verdict']} ({why})"
    )

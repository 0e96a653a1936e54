"""Figures of effects of depth and of comparisons, drawn with Matplotlib.

Each function takes what `tfrwc.dynamics` returns, or the same as it stands in
results.json, and returns a `matplotlib.figure.Figure`.
"""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from tfrwc.report.figures import TREND_COLOURS, subplots

LEVEL = 0.05
_OFFSET = 0.22


def depth_effects(results) -> Figure:
    """Forest plot: effects of depth and size, and ratios of blocks, by measure.

    Args:
        results: dict with the keys depth_effect and block_effect; each a dict of
            measure to the table of `tfrwc.dynamics.depth_effect` or `block_effect`,
            or its rows.
    """
    figure, axes = subplots(9, 3.2, 1, 2, width_ratios=(1.2, 1))
    for axis, key, columns, null, label in (
        (axes[0], "depth_effect", ("effect", "correlation"), 0, "correlation"),
        (axes[1], "block_effect", ("comparison", "ratio"), 1, "ratio"),
    ):
        tables = {m: pd.DataFrame(rows) for m, rows in results[key].items()}
        axis.axvline(null, color="0.6", linewidth=0.8)
        for i, (measure, table) in enumerate(tables.items()):
            shift = _OFFSET * (i - (len(tables) - 1) / 2)
            _forest(axis, table, columns[1], shift, TREND_COLOURS[i], measure)
        names = next(iter(tables.values()))[columns[0]]
        axis.set_yticks(range(len(names)), names)
        axis.set_ylim(len(names) - 0.5, -0.5)
        axis.tick_params("y", length=0)
        axis.set_xlabel(label)
    axes[0].set_xlim(-1.04, 1.04)
    axes[0].set_title("rank correlation of change with", fontsize=10)
    axes[1].set_title("change in thirds of the depth", fontsize=10)
    ratios(axes[1].xaxis, axes[1].set_xscale, axes[1].get_xlim)
    handles, names = axes[0].get_legend_handles_labels()
    handles.append(axes[0].plot([], [], "o", color="0.4", markerfacecolor="white")[0])
    names.append(f"not significant (Holm, {LEVEL:g})")
    figure.legend(
        handles,
        names,
        frameon=False,
        fontsize=8,
        ncols=len(names),
        loc="outside lower center",
    )
    return figure


def comparison(found, trend=None) -> Figure:
    """Change against depth by condition, and late against early change.

    Conditions keep the order they were compared in. Left, the geometric mean over
    seeds and the range of seeds; hollow are layers whose shapes differ. Right, dots
    are seeds, the bar is the interval.

    Args:
        found: of `tfrwc.dynamics.compare`.
        trend: of `tfrwc.dynamics.difficulty_trend`, to say what it showed.
    """
    names = found.conditions["condition"].tolist()
    colours = [TREND_COLOURS[i % len(TREND_COLOURS)] for i in range(len(names))]
    figure, axes = subplots(
        9.6, 4.2 if trend is None else 4.5, 1, 2, width_ratios=(1.6, 1)
    )
    for name, colour in zip(names, colours, strict=True):
        rows = found.layers[found.layers["condition"] == name]
        _change(axes[0], rows, colour, name)
    axes[0].set_xlabel("depth (kernel layers before it)")
    rate = " / learning rate" if found.per_learning_rate else ""
    axes[0].set_title(f"typical change of a layer ({found.measure}{rate})", fontsize=10)
    ratios(axes[0].yaxis, axes[0].set_yscale, axes[0].get_ylim)
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    if not found.layers["same_shape"].all():
        axes[0].plot(
            [], [], "o", color="0.4", markerfacecolor="white", label="shapes differ"
        )
    axes[0].legend(frameon=False, fontsize=8)
    for x, colour in enumerate(colours):
        mine = found.recordings["condition"] == names[x]
        seeds = found.recordings.loc[mine, "late_to_early"]
        _late_to_early(axes[1], x, seeds, found.conditions.iloc[x], colour)
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
        lines = [_say(row) for _, row in trend.iterrows()]
        figure.supxlabel("\n".join(lines), fontsize=9, x=0.99, ha="right")
    return figure


def _forest(axis, table, column, shift, colour, label):
    y = np.arange(len(table)) + shift
    value = table[column].to_numpy(float)
    axis.hlines(
        y, table["low"].to_numpy(float), table["high"].to_numpy(float), color=colour
    )
    clear = table["p_adjusted"].to_numpy(float) <= LEVEL
    axis.plot(value, y, "o", color=colour, markerfacecolor="white")
    axis.plot(
        np.where(clear, value, np.nan), y, "o", color=colour, label=label, zorder=3
    )


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


def ratios(axis, set_scale, limits):
    """A logarithmic axis with plain numbers, a few of them whatever its range."""
    set_scale("log")
    low, high = limits()
    steps = (1, 2, 5) if high / low > 3 else (1, 1.2, 1.5, 2, 3, 4, 5, 6, 7, 8, 9)
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _say(row):
    if row["verdict"] == "not testable here":
        why = f"at best p = {row['smallest_p_value']:.2g}"
    else:
        why = f"p = {row['p_value']:.2g}"
    return (
        f"harder tasks recruit later layers, {row['scope']}: {row['verdict']} ({why})"
    )

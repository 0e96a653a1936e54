"""Effects of depth and size, and change in thirds of the depth, with intervals."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.figures._ratios import ratios
from tfrwc.studies.dynamics.findings import is_adjusted, late_to_early
from tfrwc.studies.dynamics.intervals import LEVEL, ends, shown, with_adjusted
from tfrwc.studies.names import measure_name

_OFFSET = 0.22


def caption(results: Results) -> str:
    bars = (
        "Bars: 95 % intervals, adjusted as the tests are"
        if is_adjusted(results)
        else "Bars: 95 % intervals; those of ratios are adjusted as the tests are, "
        "those of correlations are not"
    )
    return (
        f"By {measure_name('l1_ratio')}: {late_to_early(results, 'l1_ratio')} "
        "Correlations, each also with the other held fixed, and how many times as much "
        f"one third of the depth changed as another. {bars}. Filled: adjusted p of "
        f"{LEVEL} or less (Holm's)."
    )


@register(
    "learning_dynamics",
    "depth_effects",
    caption=caption,
    alt="Rank correlations of change with depth and size, and ratios of the change in "
    "thirds of the depth, with intervals",
    section="depth",
)
def depth_effects(results: Results) -> Figure:
    """Forest plot: effects of depth and size, and ratios of blocks, by measure.

    Args:
        results: dict with the keys depth_effect and block_effect; each a dict of
            measure to the table of `tfrwc.dynamics.depth_effect` or `block_effect`,
            or its rows.
    """
    figure, axes = subplots(9, 3.2, 1, 2, width_ratios=(1.2, 1))
    for axis, key, name, null, label in (
        (axes[0], "depth_effect", "effect", 0, "correlation"),
        (axes[1], "block_effect", "comparison", 1, "ratio"),
    ):
        tables = {m: _rows(table, label) for m, table in results[key].items()}
        axis.axvline(null, color="0.6", linewidth=0.8)
        for i, (measure, rows) in enumerate(tables.items()):
            shift = _OFFSET * (i - (len(tables) - 1) / 2)
            _forest(axis, rows, label, null, shift, TREND_COLOURS[i], measure)
        names = [row[name] for row in next(iter(tables.values()))]
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
    names.append("hollow: not clear")
    figure.legend(
        handles,
        names,
        frameon=False,
        fontsize=8,
        ncols=len(names),
        loc="outside lower center",
    )
    return figure


def _rows(table, label):
    rows = pd.DataFrame(table).to_dict("records")
    return with_adjusted(rows) if label == "ratio" else rows


def _forest(axis, rows, column, null, shift, colour, measure):
    y = np.arange(len(rows)) + shift
    value = np.array([row[column] for row in rows], float)
    low, high = np.array([ends(row)[1:] for row in rows]).T
    axis.hlines(y, low, high, color=colour)
    clear = np.array([shown(row, null) != "unclear" for row in rows])
    axis.plot(value, y, "o", color=colour, markerfacecolor="white")
    axis.plot(
        np.where(clear, value, np.nan),
        y,
        "o",
        color=colour,
        label=measure_name(measure),
        zorder=3,
    )

"""Figures of a study of many networks and tasks, drawn with Matplotlib.

Each function takes the results of `tfrwc.studies.dynamics.study` as they stand in
results.json, and returns a `matplotlib.figure.Figure`, or a dict of them.
"""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tfrwc.dynamics import Comparison
from tfrwc.report import dynamics_figures
from tfrwc.report.figures import TREND_COLOURS, array, subplots, trend_colour

SHOWS_COLOURS = {
    "claim": TREND_COLOURS[0],
    "opposite": TREND_COLOURS[1],
    "unclear": "0.55",
    "not testable": "0.8",
}
_NAMES = {
    "claim": "shows the claim",
    "opposite": "shows the opposite",
    "unclear": "unclear",
    "not testable": "not testable",
}


def verdicts(results) -> Figure:
    """A row per claim: how many of its cases show it, the opposite, or neither."""
    claims = results["claims"]
    figure, axis = subplots(9, 0.7 + 0.5 * len(claims))
    most = max(len(claim["cases"]) for claim in claims)
    for y, claim in enumerate(claims):
        shows = [case["shows"] for case in claim["cases"]]
        left = 0
        for kind, colour in SHOWS_COLOURS.items():
            axis.barh(y, shows.count(kind), left=left, color=colour, height=0.55)
            left += shows.count(kind)
        axis.text(most + 0.3, y, claim["verdict"], va="center", fontsize=8)
    names = [textwrap.fill(claim["claim"], 58) for claim in claims]
    axis.set_yticks(range(len(claims)), names, fontsize=8)
    axis.set_ylim(len(claims) - 0.5, -0.5)
    axis.set_xlim(0, most * 1.28)
    axis.set_xticks(range(0, most + 1, 2))
    axis.set_xlabel("cases (networks and tasks)", fontsize=8)
    handles = [
        Line2D([], [], color=colour, linewidth=6, label=_NAMES[kind])
        for kind, colour in SHOWS_COLOURS.items()
    ]
    figure.legend(
        handles=handles, ncols=4, frameon=False, fontsize=8, loc="outside upper center"
    )
    return figure


def late_to_early(results) -> Figure:
    """Change of the last third over that of the first, by network, task and measure."""
    trials = results["trials"]
    figure, axis = subplots(9, 1 + 0.3 * len(trials))
    axis.axvline(1, color="0.6", linewidth=0.8)
    for i, (measure, name) in enumerate(
        (("l1_ratio", "l1_ratio"), ("elementwise_mean", "elementwise_mean (as coded)"))
    ):
        rows = [trial["block_effect"][measure][0] for trial in trials]
        y = np.arange(len(trials)) + 0.3 * (i - 0.5)
        low, high, ratio = (
            array([row[key] for row in rows]) for key in ("low", "high", "ratio")
        )
        axis.hlines(y, low, high, color=TREND_COLOURS[i])
        axis.plot(ratio, y, "o", color=TREND_COLOURS[i], label=name, markersize=5)
    axis.set_yticks(range(len(trials)), [_title(trial) for trial in trials], fontsize=8)
    axis.set_ylim(len(trials) - 0.5, -0.5)
    dynamics_figures.ratios(axis.xaxis, axis.set_xscale, axis.get_xlim)
    axis.set_xlabel("change of the last third of the depth / change of the first")
    axis.legend(frameon=False, fontsize=8)
    return figure


def measure_by_size(results) -> Figure:
    """How much larger elementwise_mean is than l1_ratio, by size of the layer."""
    figure, axis = subplots(9, 3.8)
    networks = list(dict.fromkeys(t["settings"]["model"] for t in results["trials"]))
    for i, network in enumerate(networks):
        layers = [
            layer
            for trial in results["trials"]
            if trial["settings"]["model"] == network
            for layer in trial["layers"]
        ]
        coded, true, size = (
            array([layer[key] for layer in layers])
            for key in ("typical_elementwise", "typical_change", "size")
        )
        colour = TREND_COLOURS[i % len(TREND_COLOURS)]
        axis.plot(size, coded / true, ".", color=colour, label=network, alpha=0.6)
    low, high = axis.get_xlim()
    low = max(low, 5)
    n = np.geomspace(low, high, 50)
    axis.plot(n, 2 / np.pi * np.log(n), color="black", linewidth=1.2)
    axis.annotate(
        "Gaussian weights and changes: (2/π) ln n",
        (n[-12], 2 / np.pi * np.log(n[-12])),
        xytext=(30, -40),
        textcoords="offset points",
        fontsize=8,
        ha="center",
    )
    axis.set_xscale("log")
    axis.set(xlabel="size (weights in the layer)", ylabel="elementwise_mean / l1_ratio")
    axis.legend(frameon=False, fontsize=8)
    return figure


def comparisons(results) -> dict:
    """For each network: change against depth by task, and late against early change."""
    return {
        model: dynamics_figures.comparison(
            Comparison(
                **{
                    name: pd.DataFrame(value) if isinstance(value, list) else value
                    for name, value in found["comparison"].items()
                }
            ),
            pd.DataFrame(found["trend"]),
        )
        for model, found in results["comparisons"].items()
    }


def kinds(results) -> dict:
    """For each network with kinds of layers: its trends, a panel per kind."""
    return {name: _kinds(found) for name, found in results["kinds"].items()}


def freezing(found) -> Figure:
    """What freezing layers for the second half of training saved and cost.

    Args:
        found: content of freeze.json, of benchmarks/freeze.py.
    """
    arms = {a: one for a, one in found["against_nothing"].items() if a != "nothing"}
    figure, axes = subplots(9, 2.6, 1, 2, sharey=True)
    for axis, key, label in (
        (axes[0], "time_saved", "time of an epoch saved (%)"),
        (axes[1], "accuracy_lost", "test accuracy lost (points)"),
    ):
        axis.axvline(0, color="0.6", linewidth=0.8)
        for y, arm in enumerate(arms.values()):
            mean, low, high = (100 * arm[key][end] for end in ("mean", "low", "high"))
            axis.hlines(y, low, high, color=TREND_COLOURS[0])
            axis.plot(mean, y, "o", color=TREND_COLOURS[0])
        axis.set_xlabel(label)
    names = [
        f"{name} ({'/'.join(map(str, arm['frozen_kernels']))} kernels)"
        for name, arm in arms.items()
    ]
    axes[0].set_yticks(range(len(arms)), names, fontsize=8)
    axes[0].set_ylim(len(arms) - 0.5, -0.5)
    return figure


def _kinds(found):
    columns = min(len(found), 4)
    rows = -(-len(found) // columns)
    figure, axes = subplots(
        2.6 * columns, 0.5 + 2.5 * rows, rows, columns, sharey=True, squeeze=False
    )
    for axis, (kind, one) in zip(axes.flat, found.items(), strict=False):
        curves, labels = array(one["curves"]), np.array(one["labels"])
        epochs = np.arange(1, curves.shape[1] + 1)
        for curve, label in zip(curves, labels, strict=True):
            axis.plot(epochs, curve, color=trend_colour(label), alpha=0.3, lw=0.8)
        for k, center in enumerate(array(one["centers"])):
            axis.plot(epochs, center, color=trend_colour(k), linewidth=2.4)
        trends = len(one["centers"])
        axis.set_title(
            f"{kind.replace('_', ' ')}: {len(labels)} layers,\n{trends} "
            f"trend{'' if trends == 1 else 's'}",
            fontsize=9,
        )
        axis.set_yscale("log")
        axis.set_xlabel("epoch")
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    axes[0, 0].set_ylabel("relative change in the epoch")
    return figure


def _title(trial):
    settings, accuracy = trial["settings"], trial["accuracy"]["mean"]
    return f"{settings['model']}, {settings['dataset']} ({accuracy:.0%})"

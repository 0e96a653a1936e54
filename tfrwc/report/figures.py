"""Figures of a learning-dynamics result, drawn with Matplotlib.

Each function takes the results of `tfrwc.studies.dynamics.analysis` as they stand
in results.json, and returns a `matplotlib.figure.Figure`.
"""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette, told apart with any colour vision.
TREND_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#999933",
    "#000000",
    "#882255",
    "#44AA99",
)
NO_TREND_COLOUR = "#9a9a9a"


def trend_colour(trend: int) -> str:
    return TREND_COLOURS[trend % len(TREND_COLOURS)] if trend >= 0 else NO_TREND_COLOUR


def array(rows) -> np.ndarray:
    """JSON rows, with None for NaN, as a float array."""
    return np.array(rows, dtype=np.float64)


def training_curves(results) -> Figure:
    """Loss and accuracy against epoch: thin a seed, thick their mean."""
    figure, axes = subplots(9, 3.2, 1, 2)
    for axis, metric in zip(axes, ("loss", "accuracy"), strict=True):
        for prefix, colour, name in (
            ("", TREND_COLOURS[0], "training"),
            ("val_", TREND_COLOURS[1], "test"),
        ):
            runs = array(
                [logs[prefix + metric] for logs in results["training"].values()]
            )
            epochs = results["epochs"]
            axis.plot(epochs, runs.T, color=colour, alpha=0.3, linewidth=0.8)
            axis.plot(epochs, runs.mean(axis=0), color=colour, label=name)
        axis.set(xlabel="epoch", ylabel=metric)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_yscale("log")
    axes[1].axhline(
        results["data"]["majority_rate"], color="grey", linestyle=":", linewidth=1
    )
    axes[1].annotate(
        "commonest class",
        (results["epochs"][-1], results["data"]["majority_rate"]),
        ha="right",
        va="bottom",
        color="grey",
        fontsize=8,
    )
    axes[0].legend(frameon=False)
    return figure


def heat_map(results) -> Figure:
    """Relative change of each layer (row, first layer on top) at each epoch."""
    change = array(results["change"]["mean"])
    names = [layer["name"] for layer in results["layers"]]
    figure, axis = subplots(9, 1.2 + 0.19 * max(len(names), 8))
    shown = np.where(change > 0, change, np.nan)
    image = axis.imshow(
        shown,
        aspect="auto",
        norm=LogNorm(np.nanmin(shown), np.nanmax(shown)),
        cmap="viridis",
        interpolation="nearest",
        extent=(results["epochs"][0] - 0.5, results["epochs"][-1] + 0.5, len(names), 0),
    )
    axis.set_xlabel("epoch")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    step = max(1, len(names) // 60)
    axis.set_yticks(np.arange(0, len(names), step) + 0.5, names[::step], fontsize=7)
    figure.colorbar(image, ax=axis, label="relative change in the epoch", pad=0.02)
    return figure


def trends(results) -> Figure:
    """A panel per trend: its layers thin, its median thick in its band."""
    found = results["trends"]["robust"]
    change, epochs = array(results["change"]["mean"]), results["epochs"]
    labels = np.array(found["labels"])
    groups = [k for k in range(found["n_clusters"]) if (labels == k).any()]
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
            if "bands" in found:  # results of early versions have none
                low, high = array(found["bands"])[group]
                axis.fill_between(epochs, low, high, color=colour, alpha=0.15, lw=0)
            axis.plot(
                epochs, array(found["centers"])[group], color=colour, linewidth=2.4
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


def depth(results) -> Figure:
    """Typical relative change of each layer against its depth and its size."""
    layers = results["layers"]
    figure, axes = subplots(9, 3.4, 1, 2, sharey=True)
    colours = [trend_colour(layer["trend"]) for layer in layers]
    change = array([layer["typical_change"] for layer in layers])
    rows = {row["effect"]: row for row in results["depth_effect"]["l1_ratio"]}
    for axis, column, label in (
        (axes[0], "depth", "depth (kernel layers before it)"),
        (axes[1], "size", "size (weights in the layer)"),
    ):
        x = array([layer[column] for layer in layers])
        axis.scatter(x, change, c=colours, s=34)
        row = rows[column]
        if row["correlation"] is not None:
            axis.set_title(
                f"rank correlation {row['correlation']:+.2f} "
                f"({row['low']:+.2f} to {row['high']:+.2f})",
                fontsize=10,
            )
        axis.set_xlabel(label)
    axes[0].set(ylabel="typical relative change")
    axes[0].set_yscale("log")
    axes[1].set_xscale("log")
    return figure


def number_of_trends(results) -> Figure:
    """Why this many trends: the scan of k for both presets."""
    figure, axes = subplots(9, 3, 1, 2)
    found = results["trends"]["robust"]
    k = array([row["k"] for row in found["scan"]])
    for column in ("silhouette", "separation", "stability"):
        if column not in found["scan"][0]:  # results of early versions
            continue
        values = array([row[column] for row in found["scan"]])
        axes[0].plot(k, values, "o-", label=column, markersize=4)
    axes[0].axvline(found["n_clusters"], color="grey", linestyle=":")
    axes[0].set(xlabel="number of trends", title="robust: shape of the curves")
    axes[0].legend(frameon=False)
    published = results["trends"]["weightscale"]
    k = array([row["k"] for row in published["scan"]])
    inertia = array([row["inertia_embedding"] for row in published["scan"]])
    axes[1].plot(k, inertia, "o-", color=TREND_COLOURS[2], markersize=4)
    axes[1].axvline(published["n_clusters"], color="grey", linestyle=":")
    axes[1].set(
        xlabel="number of clusters",
        ylabel="inertia, 2 components",
        title="weightscale: the published pipeline",
    )
    for axis in axes:
        axis.title.set_fontsize(10)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def subplots(width, height, rows=1, columns=1, **kwargs):
    """A figure of so many inches, and its axes as `Figure.subplots` returns them."""
    figure = Figure(figsize=(width, height), layout="constrained", dpi=130)
    axes = figure.subplots(rows, columns, **kwargs)
    for axis in np.atleast_1d(axes).flat:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes

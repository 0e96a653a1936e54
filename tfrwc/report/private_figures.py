"""Figures of what privacy costs, drawn with Matplotlib.

Each function takes the results of `tfrwc.studies.privacy.trial` as they stand in
results.json, and returns a `matplotlib.figure.Figure`.
"""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tfrwc.privacy.release.catalogue import style_of
from tfrwc.report.figures import TREND_COLOURS, array, subplots

PLAIN, DP_SGD = "0.25", TREND_COLOURS[1]
_PANELS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
}


def trade_off(results) -> Figure:
    """Measures on the test images against the epsilon of one image.

    Left of the line is DP-SGD and Local-DP with a guarantee; right of it, what
    guarantees nothing. Hollow: test images released as the training images were.
    """
    figure, axes = subplots(9.6, 4.6, 1, 3, sharex=True)
    places, edge = _places(results["arms"])
    for axis, (measure, title) in zip(axes, _PANELS.items(), strict=True):
        _level(axis, results, measure)
        for arm in results["arms"]:
            if arm["kind"] == "non-private":
                continue
            x, colour, marker = places[arm["name"]], *_style(arm)
            for key, filled in (("test_released", False), ("test", True)):
                if key in arm:
                    _point(axis, x, arm[key][measure], colour, marker, filled)
        axis.axvline(edge, color="0.8", linewidth=1)
        axis.set_title(title, fontsize=10)
        axis.set_xscale("log")
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(FuncFormatter(_epsilon))
        # 10,000 and 100,000 would run into each other.
        axis.set_xticks([t for t in 10.0 ** np.arange(0, 9, 2) if t < edge])
    axes[1].set_xlabel("epsilon of one image; right of the line: no guarantee")
    figure.legend(
        *_legend(results["arms"], axes[0]),
        frameon=False,
        fontsize=8,
        ncols=4,
        loc="outside lower center",
    )
    return figure


def membership(results) -> Figure:
    """Advantage of the threshold attack, each seed, and what the guarantee allows."""
    arms = results["arms"]
    figure, axis = subplots(9.6, 1.2 + 0.26 * len(arms))
    for y, arm in enumerate(arms):
        rows = arm["membership"]["advantage"]
        colour, _ = _style(arm)
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
        "guarantee allows)"
    )
    return figure


def layer_change(results) -> Figure:
    """What noise does to which layers: change in an epoch, by depth, and its ratio."""
    shown = layer_arms(results["arms"])
    figure, axes = subplots(9.6, 4.2, 1, 2)
    reference = array(shown[0]["change"])
    x = np.arange(len(reference))
    for arm, colour in zip(shown, _shades(shown), strict=True):
        change = array(arm["change"])
        each = array(arm["change_per_seed"])
        axes[0].plot(x, each.T, color=colour, alpha=0.25, linewidth=0.7)
        axes[0].plot(x, change, color=colour, label=arm_name(arm))
        if arm is not shown[0]:
            axes[1].plot(x, change / reference, color=colour)
    axes[1].axhline(1, color=PLAIN, linewidth=0.8)
    axes[0].set_title("relative change in an epoch", fontsize=10)
    axes[1].set_title(f"the same over that of {arm_name(shown[0])}", fontsize=10)
    names = [name.removesuffix("/kernel") for name in shown[0]["layers"]["name"]]
    for axis in axes:
        axis.set_yscale("log")
        axis.set_xticks(x, names, rotation=90, fontsize=7)
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        frameon=False,
        fontsize=8,
        ncols=len(shown),
        loc="outside lower center",
    )
    return figure


def layer_arms(arms) -> list:
    """Those whose layers are compared: no privacy, DP-SGD, one kind of released images.

    The first is what the others are held against: DP-SGD's own recipe without noise,
    where the study has it, else training without privacy.
    """
    private = [arm for arm in arms if arm["kind"] == "dp-sgd"]
    plain = [arm for arm in arms if arm["kind"] == "non-private"]
    released = [arm for arm in arms if arm["kind"] == "local-dp"]
    one = [arm for arm in released if arm["name"] == "laplace_value_4"] or released
    private.sort(key=lambda arm: -(arm["epsilon"] or np.inf))
    if private and private[0]["epsilon"] is None:
        return [*private, *plain, *one[:1]]
    return [*plain, *private, *one[:1]]


def _places(arms):
    """Where on the axis each arm is, and where those without a guarantee begin."""
    finite = [arm["epsilon"] for arm in arms if arm["epsilon"] is not None]
    edge = 3 * max(finite, default=1.0)
    without = [
        arm["name"]
        for arm in arms
        if arm["epsilon"] is None and arm["kind"] != "non-private"
    ]
    beyond = {name: edge * 3.0 ** (i + 1) for i, name in enumerate(without)}
    places = {arm["name"]: arm["epsilon"] for arm in arms if arm["epsilon"]}
    return places | beyond, edge


def _style(arm):
    if arm["kind"] == "non-private":
        return PLAIN, "o"
    if arm["kind"] == "dp-sgd":
        return DP_SGD, "o"
    return style_of(arm["mechanism"])


def _point(axis, x, found, colour, marker, filled):
    value = found["value"]
    axis.errorbar(
        x,
        value,
        [[max(0, value - found["low"])], [max(0, found["high"] - value)]],
        color=colour,
        marker=marker,
        markersize=6,
        markerfacecolor=colour if filled else "white",
        linewidth=1,
        alpha=1 if filled else 0.55,
    )


def _level(axis, results, measure):
    plain = results["arms"][0]["test"][measure]
    axis.axhspan(plain["low"], plain["high"], color="0.92", zorder=0)
    axis.axhline(plain["value"], color=PLAIN, linewidth=1, linestyle="--")
    level = results["data"]["majority"] if measure == "accuracy" else 0.5
    axis.axhline(level, color="grey", linewidth=1, linestyle=":")


def _legend(arms, axis):
    kinds = dict.fromkeys(
        ("DP-SGD", *_style(arm))
        if arm["kind"] == "dp-sgd"
        else (f"Local-DP: {arm['mechanism']}", *_style(arm))
        for arm in arms
        if arm["kind"] != "non-private"
    )
    handles = [
        axis.plot([], [], marker, color=colour, label=name)[0]
        for name, colour, marker in kinds
    ]
    handles += [
        axis.plot([], [], "o", color="0.5", markerfacecolor="white")[0],
        axis.plot([], [], "--", color=PLAIN, linewidth=1)[0],
        axis.plot([], [], ":", color="grey", linewidth=1)[0],
    ]
    names = [name for name, *_ in kinds]
    return handles, [*names, "tested on noisy images", "no privacy", "commoner class"]


def _shades(arms):
    """The first and training without privacy in grey, DP-SGD by strictness."""
    private = [arm for arm in arms if arm["kind"] == "dp-sgd" and arm["epsilon"]]
    shades = dict(
        zip(
            [arm["name"] for arm in sorted(private, key=lambda arm: arm["epsilon"])],
            ("#7a2e00", DP_SGD, "#f0a875", "#f7d3bb"),
            strict=False,
        )
    )
    others = {"non-private": PLAIN, "dp-sgd": "0.6", "local-dp": TREND_COLOURS[0]}
    return [shades.get(arm["name"], others[arm["kind"]]) for arm in arms]


def arm_name(arm) -> str:
    if arm["kind"] == "non-private":
        return "no privacy"
    if arm["kind"] == "local-dp":
        return f"images by {arm['name']}"
    if arm["epsilon"] is None:
        return "clipped, no noise"
    return f"DP-SGD, epsilon {arm['epsilon']:.3g}"


def _epsilon(value, _position):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"

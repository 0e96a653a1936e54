"""What privacy costs: measures on test images against epsilon."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tfrwc.report.canvas import subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.privacy.figures.arms import PLAIN, style
from tfrwc.studies.privacy.findings import epsilon_of, guaranteed

_PANELS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "auc": "AUC",
}


def caption(results: Results) -> str:
    private = [arm for arm in results["arms"] if arm["kind"] == "dp-sgd"]
    levels = [f"{results['arms'][0]['test']['auc']['value']:.3f} without privacy"]
    levels += [
        f"{arm['test']['auc']['value']:.3f} by DP-SGD at epsilon {epsilon_of(arm):.3g}"
        for arm in sorted(filter(guaranteed, private), key=epsilon_of, reverse=True)
    ]
    return (
        f"AUC {', '.join(levels)}. Mean over seeds, with 95 % intervals over test "
        "images and seeds. Dashed, with its interval: no privacy. Dotted: always "
        "naming the commoner class."
    )


@register(
    "private_training",
    "trade_off",
    caption=caption,
    alt="Accuracy, balanced accuracy and AUC against the epsilon of one image",
    section="trade_off",
)
def trade_off(results: Results) -> Figure:
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
            x, colour, marker = places[arm["name"]], *style(arm)
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


def _places(arms):
    """Where on the axis each arm is, and where those without a guarantee begin."""
    places = {arm["name"]: epsilon_of(arm) for arm in arms if guaranteed(arm)}
    edge = 3 * max(places.values(), default=1.0)
    without = [
        arm["name"]
        for arm in arms
        if not guaranteed(arm) and arm["kind"] != "non-private"
    ]
    beyond = {name: edge * 3.0 ** (i + 1) for i, name in enumerate(without)}
    return places | beyond, edge


def _point(axis, x, score, colour, marker, filled):
    value = score["value"]
    axis.errorbar(
        x,
        value,
        [[max(0, value - score["low"])], [max(0, score["high"] - value)]],
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
        ("DP-SGD", *style(arm))
        if arm["kind"] == "dp-sgd"
        else (f"Local-DP: {arm['mechanism']}", *style(arm))
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


def _epsilon(value, _position):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"

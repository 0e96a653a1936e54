"""What privacy costs: measures on test images against epsilon."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from tfrwc._common.percent import percent
from tfrwc.report.canvas import subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.privacy.figures.arms import PLAIN, arm_name, style
from tfrwc.studies.privacy.names import epsilon_of, guaranteed, mechanism_name

_PANELS = {
    "accuracy": "accuracy (share of images)",
    "balanced_accuracy": "balanced accuracy (of classes)",
    "auc": "AUC (share of pairs)",
}
_ON_AN_AXIS = 2  # epsilons


def caption(results: Results) -> str:
    private = [arm for arm in results["arms"] if arm["kind"] == "dp-sgd"]
    levels = [f"{results['arms'][0]['test']['auc']['value']:.3f} without privacy"]
    levels += [
        f"{arm['test']['auc']['value']:.3f} by {arm_name(arm)}"
        for arm in sorted(filter(guaranteed, private), key=epsilon_of, reverse=True)
    ]
    lines = "lines" if _is_axis(results["arms"]) else "whiskers"
    dashed = " Dashed, with its interval: no privacy." if lines == "lines" else ""
    return (
        f"AUC {'; '.join(levels)}. AUC: the share of pairs of images, one of each "
        f"class, that are put in the right order. Mean over seeds, {lines}: 95 % "
        f"intervals over test images and seeds.{dashed} Dotted: always naming the "
        "commoner class."
    )


@register(
    "private_training",
    "trade_off",
    caption=caption,
    alt="Accuracy, balanced accuracy and AUC of each way of training, by the epsilon "
    "of one image",
    section="trade_off",
)
def trade_off(results: Results) -> Figure:
    """Measures on the test images, against the epsilon of one image if there are
    several."""
    return _axis(results) if _is_axis(results["arms"]) else _bars(results)


def _is_axis(arms):
    """Whether there are enough epsilons to be put on an axis."""
    return len({epsilon_of(arm) for arm in arms if guaranteed(arm)}) >= _ON_AN_AXIS


def _bars(results):
    """A bar for each way of training, with its value."""
    arms = results["arms"]
    figure, axes = subplots(9.6, 1.1 + 0.42 * len(arms), 1, 3, sharey=True)
    for axis, (measure, title) in zip(axes, _PANELS.items(), strict=True):
        for y, arm in enumerate(arms):
            score, (colour, _) = arm["test"][measure], style(arm)
            value = score["value"]
            axis.barh(y, value, color=colour, height=0.6, alpha=0.75)
            axis.hlines(y, score["low"], score["high"], color="0.1", linewidth=1)
            form = f"{value:.3f}" if measure == "auc" else percent(value)
            axis.text(score["high"] + 0.03, y, form, va="center", fontsize=8)
        axis.axvline(_chance(results, measure), color="0.3", linestyle=":", linewidth=1)
        axis.set_xlim(0, 1.25)
        axis.set_xticks([0, 0.5, 1])
        axis.set_title(title, fontsize=10)
    axes[0].set_yticks(range(len(arms)), [arm_name(arm) for arm in arms], fontsize=8)
    axes[0].invert_yaxis()
    return figure


def _axis(results):
    """Left of the line is DP-SGD, and released images with a guarantee; right of it,
    what guarantees nothing. Hollow: test images released as the training images were.
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
        if any(x > edge for x in places.values()):
            axis.axvline(edge, color="0.8", linewidth=1)
        axis.set_title(title, fontsize=10)
        axis.set_xscale("log")
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(FuncFormatter(_epsilon))
        axis.set_xticks(_ticks(results["arms"], edge))
    beyond = any(x > edge for x in places.values())
    more = "; right of the line: no guarantee" if beyond else ""
    axes[1].set_xlabel(f"epsilon of one image{more}")
    figure.legend(
        *_legend(results["arms"], axes[0]),
        frameon=False,
        fontsize=8,
        ncols=4,
        loc="outside lower center",
    )
    return figure


def _ticks(arms, edge):
    """The epsilons themselves if they are few, else every second power of ten: 10,000
    and 100,000 would run into each other."""
    epsilons = sorted({epsilon_of(arm) for arm in arms if guaranteed(arm)})
    if len(epsilons) <= 4 and epsilons[-1] < 1000:
        return epsilons
    return [tick for tick in 10.0 ** np.arange(0, 9, 2) if tick < edge]


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
    axis.axhline(_chance(results, measure), color="grey", linewidth=1, linestyle=":")


def _chance(results, measure):
    """What always naming the commoner class gives."""
    return results["data"]["majority"] if measure == "accuracy" else 0.5


def _legend(arms, axis):
    kinds = dict.fromkeys(
        ("DP-SGD", *style(arm))
        if arm["kind"] == "dp-sgd"
        else (f"images with {mechanism_name(arm['mechanism'])}", *style(arm))
        for arm in arms
        if arm["kind"] != "non-private"
    )
    handles = [
        axis.plot([], [], marker, color=colour, label=name)[0]
        for name, colour, marker in kinds
    ]
    names = [name for name, *_ in kinds]
    lines = [
        ("no privacy", {"linestyle": "--", "color": PLAIN, "linewidth": 1}),
        ("commoner class", {"linestyle": ":", "color": "grey", "linewidth": 1}),
    ]
    if any("test_released" in arm for arm in arms):
        hollow = {"marker": "o", "color": "0.5", "markerfacecolor": "white"}
        lines.insert(0, ("tested on noisy images", hollow | {"linestyle": ""}))
    for name, options in lines:
        handles.append(axis.plot([], [], **options)[0])
        names.append(name)
    return handles, names


def _epsilon(value, _position):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"

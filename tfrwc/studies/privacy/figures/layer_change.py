"""What noise does to which layers."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, array, label, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.privacy.figures.arms import DP_SGD, PLAIN, arm_name
from tfrwc.studies.privacy.findings import change_of_layers
from tfrwc.studies.privacy.names import epsilon_of, guaranteed


def caption(results: Results) -> str:
    arms = results["arms"]
    private = [arm for arm in arms if arm["kind"] == "dp-sgd"]
    return " ".join(
        [
            *change_of_layers(arms[0], private),
            "Kernels from the first to the last; thin lines are seeds. DP-SGD takes "
            "fewer and larger steps in an epoch than the others, so only its own "
            "curves differ by the noise alone.",
        ]
    )


@register(
    "private_training",
    "layer_change",
    caption=caption,
    alt="Relative change of each layer by depth, and the same over that without noise",
    section="layers",
)
def layer_change(results: Results) -> Figure:
    """What noise does to which layers: change in an epoch, by depth, and its ratio."""
    compared = layer_arms(results["arms"])
    figure, axes = subplots(9.6, 4.2, 1, 2)
    reference = array(compared[0]["change"])
    x = np.arange(len(reference))
    for arm, colour in zip(compared, _shades(compared), strict=True):
        change = array(arm["change"])
        each = array(arm["change_per_seed"])
        axes[0].plot(x, each.T, color=colour, alpha=0.25, linewidth=0.7)
        axes[0].plot(x, change, color=colour, label=arm_name(arm))
        if arm is not compared[0]:
            axes[1].plot(x, change / reference, color=colour)
    axes[1].axhline(1, color=PLAIN, linewidth=0.8)
    axes[0].set_ylabel("relative change in an epoch")
    axes[1].set_ylabel(f"times that of {arm_name(compared[0])}")
    names = [
        label(name.removesuffix("/kernel"), 30)
        for name in compared[0]["layers"]["name"]
    ]
    for axis in axes:
        axis.set_yscale("log")
        axis.set_xticks(x, names, rotation=90, fontsize=7)
        axis.set_xlabel("kernel, from the first to the last")
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        frameon=False,
        fontsize=8,
        ncols=len(compared),
        loc="outside lower center",
    )
    return figure


def layer_arms(arms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose layers are compared: no privacy, DP-SGD, one kind of released images.

    The first is what the others are held against: DP-SGD's own recipe without noise,
    where the study has it, else training without privacy.
    """
    private = [arm for arm in arms if arm["kind"] == "dp-sgd"]
    plain = [arm for arm in arms if arm["kind"] == "non-private"]
    released = [arm for arm in arms if arm["kind"] == "local-dp"]
    one = [arm for arm in released if arm["name"] == "laplace_value_4"] or released
    private.sort(key=epsilon_of, reverse=True)
    if private and not guaranteed(private[0]):
        return [*private, *plain, *one[:1]]
    return [*plain, *private, *one[:1]]


def _shades(arms):
    """The first and training without privacy in grey, DP-SGD by strictness."""
    private = [arm for arm in arms if arm["kind"] == "dp-sgd" and guaranteed(arm)]
    of_budgets = (
        (DP_SGD,) if len(private) == 1 else ("#7a2e00", DP_SGD, "#f0a875", "#f7d3bb")
    )
    names = [arm["name"] for arm in sorted(private, key=epsilon_of)]
    shades = dict(zip(names, of_budgets, strict=False))
    others = {"non-private": PLAIN, "dp-sgd": "0.6", "local-dp": TREND_COLOURS[0]}
    return [shades.get(arm["name"], others[arm["kind"]]) for arm in arms]

"""Change by task or setting, as `tfrwc.dynamics.compare` finds it."""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc._common.plain import number
from tfrwc.dynamics import Comparison
from tfrwc.dynamics.difficulty import SCOPES
from tfrwc.report.canvas import TREND_COLOURS, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.claims.harder_tasks import claim_text
from tfrwc.studies.dynamics.figures._ratios import ratios
from tfrwc.studies.dynamics.stored import comparison_of
from tfrwc.studies.names import measure_name, network_name, set_name


def caption(results: Results, network: str) -> str:
    return (
        f"Whether harder tasks recruit later layers of {network_name(network)}: "
        f"{', '.join(_said(results, network))}. Left: change of each layer, mean and "
        "range over seeds. Right: late over early change, "
        "tasks from easy to hard; dots are seeds, bars 95 % intervals of each task by "
        "itself."
    )


def alt(results: Results, network: str) -> str:
    return f"Change of the layers of {network_name(network)} by depth and task"


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
        network: comparison(_renamed(comparison_of(compared)))
        for network, compared in results["comparisons"].items()
    }


def comparison(compared: Comparison) -> Figure:
    """Change against depth by condition, and late against early change.

    Conditions keep the order they were compared in. Left, the geometric mean over
    seeds and the range of seeds; hollow are layers whose shapes differ. Right, dots
    are seeds, the bar is the interval.

    Args:
        compared: of `tfrwc.dynamics.compare`.
    """
    names = compared.conditions["condition"].tolist()
    colours = [TREND_COLOURS[i % len(TREND_COLOURS)] for i in range(len(names))]
    figure, axes = subplots(9.6, 4.2, 1, 2, width_ratios=(1.6, 1))
    for name, colour in zip(names, colours, strict=True):
        rows = compared.layers[compared.layers["condition"] == name]
        _change(axes[0], rows, colour, name)
    axes[0].set_xlabel("depth (kernel layers before it)")
    rate = " / learning rate" if compared.per_learning_rate else ""
    axes[0].set_title(
        f"typical {measure_name(compared.measure)} of a layer{rate}", fontsize=10
    )
    ratios(axes[0].yaxis, axes[0].set_yscale, axes[0].get_ylim)
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    if not compared.layers["same_shape"].all():
        hollow = {"color": "0.4", "markerfacecolor": "white"}
        axes[0].plot([], [], "o", **hollow, label="layer whose shape differs")
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


def _renamed(compared: Comparison) -> Comparison:
    """With data sets called as readers call them."""
    tables = {
        name: getattr(compared, name).assign(
            condition=getattr(compared, name)["condition"].map(set_name)
        )
        for name in ("layers", "conditions", "recordings")
    }
    return replace(compared, baseline=set_name(compared.baseline), **tables)


def _said(results: Results, network: str) -> list[str]:
    """What the claims say of a network, with the p-value that decided them."""
    texts = {claim_text(scope): scope for scope in SCOPES}
    lines = []
    for claim in results["claims"]:
        scope = texts.get(claim["claim"])
        for case in claim["cases"] if scope else ():
            if case["network"] == network:
                lines.append(_case(case, str(scope)))
    return lines


def _case(case, scope):
    if case["shows"] == "not testable":
        return f"not testable for {scope} ({case['why']})"
    words = {"claim": "yes", "opposite": "the opposite", "unclear": "not clear"}
    p_value = number(case["p_adjusted"])
    return f"{words[case['shows']]} for {scope} (adjusted p = {p_value:.2g})"

"""Whether later layers changed more, or larger ones did."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import array, subplots, trend_colour
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.findings import depth_effect
from tfrwc.studies.dynamics.intervals import ends


def caption(results: Results) -> str:
    kind, *_ = ends(results["depth_effect"]["l1_ratio"][0])
    return (
        f"{depth_effect(results, 'l1_ratio')} One point per layer, in the colour of "
        "its trend. Later layers are often larger too, so both are shown. Typical: the "
        f"geometric mean over the epochs. In brackets: {kind.rstrip(',')}."
    )


@register(
    "learning_dynamics",
    "depth",
    caption=caption,
    alt="Typical relative change of each layer against its depth and its size",
    section="depth",
)
def depth(results: Results) -> Figure:
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
            _, low, high = ends(row)
            axis.set_title(
                f"rank correlation {row['correlation']:+.2f} "
                f"({low:+.2f} to {high:+.2f})",
                fontsize=10,
            )
        axis.set_xlabel(label)
    axes[0].set(ylabel="typical relative change")
    axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].set_yscale("log")
    axes[1].set_xscale("log")
    return figure

"""What the measure in the papers' code sees of the size of layers."""

import numpy as np
from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.names import network_name


def caption(results: Results) -> str:
    layers = [layer for trial in results["trials"] for layer in trial["layers"]]
    times, size = _times(layers)
    large = size > np.median(size)
    return (
        f"The papers' code reads {np.nanmedian(times[~large]):.1f} times the "
        "relative change for the smaller half of the layers, and "
        f"{np.nanmedian(times[large]):.1f} times for the larger half (medians). A "
        "point per layer, network and task. That measure grows with the number of "
        "weights of a layer though its relative change is the same; so it sees an "
        "effect of depth where later layers are larger."
    )


@register(
    "learning_dynamics_claims",
    "measure_by_size",
    caption=caption,
    alt="The measure of the papers' code over the relative change, against the size of "
    "the layer, with the line that Gaussian weights and changes would give",
    section="late",
)
def measure_by_size(results: Results) -> Figure:
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
        times, size = _times(layers)
        colour = TREND_COLOURS[i % len(TREND_COLOURS)]
        axis.plot(
            size, times, ".", color=colour, label=network_name(network), alpha=0.6
        )
    low, high = axis.get_xlim()
    low = max(low, 5)
    n = np.geomspace(low, high, 50)
    line = "Gaussian weights and changes: (2/π) ln n"
    axis.plot(n, 2 / np.pi * np.log(n), color="black", linewidth=1.2, label=line)
    axis.set_xscale("log")
    axis.set(
        xlabel="size (weights in the layer)",
        ylabel="measure of the papers' code\n/ relative change",
    )
    axis.legend(frameon=False, fontsize=8)
    return figure


def _times(layers):
    """How many times elementwise_mean is l1_ratio, and the sizes of the layers."""
    coded, true, size = (
        array([layer[key] for layer in layers])
        for key in ("typical_elementwise", "typical_change", "size")
    )
    return coded / true, size

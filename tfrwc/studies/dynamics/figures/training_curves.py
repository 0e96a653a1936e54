"""Whether the network learned."""

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.findings import accuracy


def caption(results: Results) -> str:
    return f"{accuracy(results)} Thin lines: a seed each. Thick: their mean."


@register(
    "learning_dynamics",
    "training_curves",
    caption=caption,
    alt="Loss and accuracy of training and test against epoch",
    section="training",
)
def training_curves(results: Results) -> Figure:
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

"""What freezing layers saves and costs; drawn by benchmarks/freeze.py, on no page."""

from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, subplots
from tfrwc.report.figures import Results


def freezing(results: Results) -> Figure:
    """What freezing layers for the second half of training saved and cost.

    Args:
        results: content of freeze.json, of benchmarks/freeze.py.
    """
    arms = dict(results["against_nothing"])
    arms.pop("nothing", None)
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

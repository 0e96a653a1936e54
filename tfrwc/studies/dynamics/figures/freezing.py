"""What freezing layers saves and costs; drawn by benchmarks/freeze.py, on no page."""

from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, subplots
from tfrwc.report.figures import Results
from tfrwc.studies.names import network_name, set_name

_ARMS = {
    "suggested prefix": "low change, without gaps from the first",
    "suggested": "low change",
    "random": "at random",
    "first": "the first ones",
}


def title(results: Results) -> str:
    """Which of the arms saved time or cost accuracy, as far as their intervals tell."""
    arms = _arms(results)
    said = []
    for key, words in (("time_saved", "time"), ("accuracy_lost", "accuracy")):
        clear = [_name(name) for name, arm in arms.items() if arm[key]["low"] > 0]
        verb = "saved" if key == "time_saved" else "cost"
        who = f"freezing {' and '.join(clear)}" if clear else "no way of freezing"
        said.append(f"{who} clearly {verb} {words}")
    seeds = len(next(iter(arms.values()))["frozen_kernels"])
    return (
        f"{network_name(results['network'])} on "
        f"{set_name(results['dataset'].split(' ')[0])}, layers frozen for the second "
        f"half of training, {seeds} seeds: {' and '.join(said)}."
    )


def freezing(results: Results) -> Figure:
    """What freezing layers for the second half of training saved and cost.

    Args:
        results: content of freeze.json, of benchmarks/freeze.py.
    """
    arms = _arms(results)
    figure, axes = subplots(9, 2.6, 1, 2, sharey=True)
    for axis, key, label in (
        (axes[0], "time_saved", "time of an epoch saved (%), mean and 95 % interval"),
        (axes[1], "accuracy_lost", "test accuracy lost (points), the same"),
    ):
        axis.axvline(0, color="0.6", linewidth=0.8)
        for y, arm in enumerate(arms.values()):
            mean, low, high = (100 * arm[key][end] for end in ("mean", "low", "high"))
            axis.hlines(y, low, high, color=TREND_COLOURS[0])
            axis.plot(mean, y, "o", color=TREND_COLOURS[0])
        axis.set_xlabel(label)
    names = [
        f"{_name(name)}:\n{', '.join(map(str, arm['frozen_kernels']))} kernels"
        for name, arm in arms.items()
    ]
    axes[0].set_yticks(range(len(arms)), names, fontsize=8)
    axes[0].set_ylim(len(arms) - 0.5, -0.5)
    return figure


def _arms(results):
    return {k: v for k, v in results["against_nothing"].items() if k != "nothing"}


def _name(arm):
    return _ARMS.get(arm, arm)

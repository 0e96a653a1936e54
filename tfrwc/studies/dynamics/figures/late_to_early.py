"""Whether later layers changed more, by network, task and measure."""

import numpy as np
from matplotlib.figure import Figure

from tfrwc._common.percent import percent
from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.figures._ratios import ratios
from tfrwc.studies.dynamics.intervals import adjusted_ratios, ends, shown
from tfrwc.studies.dynamics.outcome import has_learned
from tfrwc.studies.names import measure_name, network_name, set_name


def caption(results: Results) -> str:
    learned = [trial for trial in results["trials"] if has_learned(trial)]
    shows = [shown(row, 1) for row in _rows(learned, "l1_ratio")]
    return (
        f"By {measure_name('l1_ratio')}, the last third of the depth changed clearly "
        f"more than the first in {shows.count('more')} of {len(learned)} trials that "
        f"can be tested, and clearly less in {shows.count('less')}. In "
        f"{len(results['trials']) - len(learned)} more a seed learned nothing. Right "
        "of the line it "
        "changed more, in relation to its own size. In brackets: test accuracy. Bars: "
        "95 % intervals over layers and seeds, adjusted for the number of trials as "
        "the tests are; those wider than the picture are cut. Filled: adjusted p of "
        "0.05 or less. Crosses: not tested."
    )


@register(
    "learning_dynamics_claims",
    "late_to_early",
    caption=caption,
    alt="Change of the last third of the depth over that of the first, for each "
    "network and task",
    section="late",
)
def late_to_early(results: Results) -> Figure:
    """Change of the last third over that of the first, by network, task and measure."""
    trials = results["trials"]
    figure, axis = subplots(9, 1.3 + 0.3 * len(trials))
    axis.axvline(1, color="0.6", linewidth=0.8)
    for i, measure in enumerate(("l1_ratio", "elementwise_mean")):
        colour, shift = TREND_COLOURS[i], 0.3 * (i - 0.5)
        told = [y for y, trial in enumerate(trials) if has_learned(trial)]
        rows = _rows([trials[y] for y in told], measure)
        for y, row in zip(told, rows, strict=True):
            _, low, high = ends(row)
            axis.hlines(y + shift, low, high, color=colour)
            face = "white" if shown(row, 1) == "unclear" else colour
            axis.plot(row["ratio"], y + shift, "o", color=colour, mfc=face, ms=5)
        for y in set(range(len(trials))) - set(told):
            ratio = trials[y]["block_effect"][measure][0]["ratio"]
            axis.plot(ratio, y + shift, "x", color=colour, ms=5, alpha=0.6)
        axis.plot([], [], "o-", color=colour, ms=5, label=measure_name(measure))
    axis.plot([], [], "o", color="0.4", mfc="white", ms=5, label="not clear")
    axis.plot(
        [], [], "x", color="0.4", ms=5, label="not tested: a seed learned nothing"
    )
    axis.set_yticks(range(len(trials)), [_title(trial) for trial in trials], fontsize=8)
    axis.set_ylim(len(trials) - 0.5, -0.5)
    axis.set_xlim(*_limits(trials))
    ratios(axis.xaxis, axis.set_xscale, axis.get_xlim)
    axis.set_xlabel("change of the last third of the depth / change of the first")
    axis.set_ylabel("network, task (test accuracy)", fontsize=9)
    figure.legend(frameon=False, fontsize=8, ncols=2, loc="outside upper center")
    return figure


def _rows(trials, measure):
    """Late over early change of trials, adjusted for their number."""
    return adjusted_ratios([trial["block_effect"][measure][0] for trial in trials])


def _limits(trials):
    """Around the ratios and 1; an interval can reach much further."""
    found = [
        rows[0]["ratio"] for trial in trials for rows in trial["block_effect"].values()
    ]
    found = array([1, *found])
    return np.nanmin(found) / 5, np.nanmax(found) * 5


def _title(trial):
    settings, accuracy = trial["settings"], trial["accuracy"]["mean"]
    network, task = network_name(settings["model"]), set_name(settings["dataset"])
    return f"{network}, {task} ({percent(accuracy, 0)})"

"""Whether later layers changed more, by network, task and measure."""

import numpy as np
from matplotlib.figure import Figure

from tfrwc.report.canvas import TREND_COLOURS, array, subplots
from tfrwc.report.figures import Results, register
from tfrwc.studies.dynamics.figures._ratios import ratios
from tfrwc.studies.dynamics.outcome import has_learned


def caption(results: Results) -> str:
    learned = [trial for trial in results["trials"] if has_learned(trial)]
    rows = [trial["block_effect"]["l1_ratio"][0] for trial in learned]
    low, high = (array([row[end] for row in rows]) for end in ("low", "high"))
    return (
        f"In {len(rows)} of {len(results['trials'])} trials the network learned "
        "something with every seed. By l1_ratio the last third of the depth changed "
        f"clearly more than the first in {(low > 1).sum()} of these, and clearly less "
        f"in {(high < 1).sum()}. Right of the line it changed more, in relation to its "
        "own size. In brackets: test accuracy. Bars: 95 % intervals over layers and "
        "seeds."
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
    figure, axis = subplots(9, 1 + 0.3 * len(trials))
    axis.axvline(1, color="0.6", linewidth=0.8)
    for i, (measure, name) in enumerate(
        (("l1_ratio", "l1_ratio"), ("elementwise_mean", "elementwise_mean (as coded)"))
    ):
        rows = [trial["block_effect"][measure][0] for trial in trials]
        y = np.arange(len(trials)) + 0.3 * (i - 0.5)
        low, high, ratio = (
            array([row[key] for row in rows]) for key in ("low", "high", "ratio")
        )
        axis.hlines(y, low, high, color=TREND_COLOURS[i])
        axis.plot(ratio, y, "o", color=TREND_COLOURS[i], label=name, markersize=5)
    axis.set_yticks(range(len(trials)), [_title(trial) for trial in trials], fontsize=8)
    axis.set_ylim(len(trials) - 0.5, -0.5)
    ratios(axis.xaxis, axis.set_xscale, axis.get_xlim)
    axis.set_xlabel("change of the last third of the depth / change of the first")
    axis.legend(frameon=False, fontsize=8)
    return figure


def _title(trial):
    settings, accuracy = trial["settings"], trial["accuracy"]["mean"]
    return f"{settings['model']}, {settings['dataset']} ({accuracy:.0%})"

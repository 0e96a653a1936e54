"""What became of each claim."""

import textwrap

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tfrwc.report.canvas import TREND_COLOURS, subplots
from tfrwc.report.figures import Results, register

SHOWS_COLOURS = {
    "claim": TREND_COLOURS[0],
    "opposite": TREND_COLOURS[1],
    "unclear": "0.55",
    "not testable": "0.8",
}
_NAMES = {
    "claim": "shows the claim",
    "opposite": "shows the opposite",
    "unclear": "unclear",
    "not testable": "not testable",
}


def caption(results: Results) -> str:
    verdicts = [claim["verdict"] for claim in results["claims"]]
    counts = ", ".join(
        f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts)
    )
    return (
        f"Of {len(verdicts)} claims: {counts}. A case is a network on a task, or a "
        "network over its tasks; tests are corrected for the number of cases."
    )


@register(
    "learning_dynamics_claims",
    "verdicts",
    caption=caption,
    alt="Each claim with its verdict, and how many cases show it or the opposite",
    section="verdicts",
)
def verdicts(results: Results) -> Figure:
    """A row per claim: how many of its cases show it, the opposite, or neither."""
    claims = results["claims"]
    figure, axis = subplots(9, 0.7 + 0.5 * len(claims))
    most = max(len(claim["cases"]) for claim in claims)
    for y, claim in enumerate(claims):
        shows = [case["shows"] for case in claim["cases"]]
        left = 0
        for kind, colour in SHOWS_COLOURS.items():
            axis.barh(y, shows.count(kind), left=left, color=colour, height=0.55)
            left += shows.count(kind)
        axis.text(most + 0.3, y, claim["verdict"], va="center", fontsize=8)
    names = [textwrap.fill(claim["claim"], 58) for claim in claims]
    axis.set_yticks(range(len(claims)), names, fontsize=8)
    axis.set_ylim(len(claims) - 0.5, -0.5)
    axis.set_xlim(0, most * 1.28)
    axis.set_xticks(range(0, most + 1, 2))
    axis.set_xlabel("cases (networks and tasks)", fontsize=8)
    handles = [
        Line2D([], [], color=colour, linewidth=6, label=_NAMES[kind])
        for kind, colour in SHOWS_COLOURS.items()
    ]
    figure.legend(
        handles=handles, ncols=4, frameon=False, fontsize=8, loc="outside upper center"
    )
    return figure

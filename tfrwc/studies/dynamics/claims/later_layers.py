"""Whether later layers change more."""

from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import FIRST, Case, by_ratio, register


@register(
    "later_layers",
    "Later layers change more than earlier ones.",
    paper=FIRST,
    test="Ratio of the geometric mean relative changes of the last and first third of "
    "the depth; Welch's test.",
    place=1,
)
def later_layers(evidence: Evidence) -> list[Case]:
    return by_ratio([o.thirds("late / early") for o in evidence.outcomes])

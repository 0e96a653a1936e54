"""Whether later layers change more."""

from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import FIRST, Case, by_level, register


@register(
    "later_layers",
    "Later layers change more than earlier ones.",
    paper=FIRST,
    test="Ratio of the geometric mean changes (l1_ratio) of the last and first third "
    "of the depth; Welch's test.",
    place=1,
)
def later_layers(evidence: Evidence) -> list[Case]:
    return by_level([o.thirds("late / early") for o in evidence.outcomes], null=1)

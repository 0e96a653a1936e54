"""Whether the last layers rest on easy tasks."""

from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import FIRST, Case, by_bounds, register

EASY = ("mnist", "fashion_mnist")
# Late layers may change this much more than middle ones and still count as "no more".
MARGIN = 1.1


@register(
    "easy_tasks",
    "On easy tasks (MNIST, Fashion-MNIST) the last layers change no more than the "
    "middle ones.",
    paper=FIRST,
    test="Ratio of the last and middle third; shown if its 95 % interval, adjusted for "
    f"the number of cases, ends below {MARGIN}, the opposite if it begins above 1.",
    place=2,
)
def easy_tasks(evidence: Evidence) -> list[Case]:
    cases = [
        o.thirds("late / middle") for o in evidence.outcomes if o.trial.dataset in EASY
    ]
    return by_bounds(cases, MARGIN, 1)

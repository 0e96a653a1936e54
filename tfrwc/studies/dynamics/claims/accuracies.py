"""Whether the networks do as well as published."""

from tfrwc._common.percent import percent
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.trials import ACCURACY
from tfrwc.studies.dynamics.verdicts import FIRST, Case, register

POINTS = 0.02


@register(
    "accuracies",
    "The networks reach the published test accuracies.",
    paper=FIRST,
    test=f"Within {percent(POINTS, 0)} of the published accuracy, mean over seeds.",
    place=9,
)
def accuracies(evidence: Evidence) -> list[Case]:
    cases = []
    for o in evidence.outcomes:
        case = {"network": o.trial.model, "task": o.trial.dataset}
        case |= {"value": o.results["accuracy"]["mean"]}
        published = ACCURACY.get((o.trial.model, o.trial.dataset))
        if published is None or o.trial.images is not None:
            why = "no full training, or no published accuracy of this network and task"
            cases.append(case | {"shows": "not testable", "why": why})
            continue
        near = abs(case["value"] - published) <= POINTS
        shows = "claim" if near else "opposite"
        cases.append(case | {"published": published, "shows": shows})
    return cases

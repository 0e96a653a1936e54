"""Whether the published grouping depends on its random seed."""

from itertools import combinations

import numpy as np
from sklearn.metrics import adjusted_rand_score

from tfrwc.dynamics import TrendClusterer
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import SECOND, Case, register

SAME = 0.95


@register(
    "same_groups",
    "The published pipeline gives the same groups whatever its random seed.",
    paper=SECOND,
    test="Mean adjusted Rand index between the groups of ten seeds; shown if it is "
    f"{SAME} or more.",
    place=7,
)
def same_groups(evidence: Evidence) -> list[Case]:
    cases = []
    for o in evidence.outcomes:
        mean = np.mean([r.values("l1_ratio").T for r in o.recordings], axis=0)
        labels = [
            TrendClusterer(preset="weightscale", random_state=seed).fit(mean).labels_
            for seed in range(10)
        ]
        scores = [adjusted_rand_score(a, b) for a, b in combinations(labels, 2)]
        value = float(np.mean(scores))
        shows = "claim" if value >= SAME else "opposite"
        cases.append({"shows": shows} | o.case() | {"value": value})
    return cases

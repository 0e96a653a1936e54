"""Whether the trends of layers are the network's, and not the seed's."""

from tfrwc.dynamics import TrendClusterer
from tfrwc.studies.dynamics.agreement import agreement
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import SECOND, Case, by_level, register


@register(
    "same_trends",
    "Layers fall into a few trends that are the network's, not the seed's.",
    paper=SECOND,
    test="Mean adjusted Rand index between the trends of different seeds; permutation "
    "test.",
    place=6,
)
def same_trends(evidence: Evidence) -> list[Case]:
    cases = []
    for o in evidence.outcomes:
        case = o.case()
        if len(o.recordings) < 2:
            cases.append(case | {"shows": "not testable", "why": "one seed only"})
            continue
        labels = [
            TrendClusterer().fit(r.values("l1_ratio").T).labels_ for r in o.recordings
        ]
        value, p_value = agreement(labels)
        case |= {"value": value, "p_value": p_value}
        cases.append(case | {"trends": o.results["trends"]["robust"]["n_clusters"]})
    return by_level(cases, null=0)

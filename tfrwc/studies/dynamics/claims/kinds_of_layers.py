"""Whether the kinds of layers of EfficientNet change differently."""

import numpy as np
from scipy import stats

from tfrwc.dynamics import conv_kinds
from tfrwc.dynamics.depth import typical_change
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import SECOND, Case, by_level, register


@register(
    "kinds_of_layers",
    "The kinds of layers of EfficientNet change differently.",
    paper=SECOND,
    test="Largest over smallest median change of a kind; Kruskal and Wallis' test.",
    place=8,
)
def kinds_of_layers(evidence: Evidence) -> list[Case]:
    cases = []
    for o in evidence.outcomes:
        if not o.trial.model.startswith("efficientnet"):
            continue
        kinds = conv_kinds(o.recordings[0].layers).to_numpy()
        change = np.log(typical_change([r.values("l1_ratio").T for r in o.recordings]))
        finite = np.isfinite(change)
        groups = [change[finite & (kinds == kind)] for kind in dict.fromkeys(kinds)]
        groups = [group for group in groups if len(group) > 3]
        middles = [np.median(group) for group in groups]
        value = float(np.exp(max(middles) - min(middles)))
        p_value = float(stats.kruskal(*groups).pvalue)
        cases.append(o.case() | {"value": value, "p_value": p_value})
    return by_level(cases, null=1)

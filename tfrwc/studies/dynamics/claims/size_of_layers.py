"""Whether the measure of the papers' code grows with the size of a layer."""

from scipy import stats

from tfrwc.dynamics.depth import typical_change
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import Case, by_level, register


@register(
    "size_of_layers",
    "The measure that the papers' code computes grows with the size of a layer by "
    "itself.",
    paper="a finding to reproduce",
    test="Rank correlation over layers of that measure, over the relative change, with "
    "size.",
    place=5,
)
def size_of_layers(evidence: Evidence) -> list[Case]:
    cases = []
    for o in evidence.outcomes:
        coded, true = (
            typical_change([r.values(measure).T for r in o.recordings])
            for measure in ("elementwise_mean", "l1_ratio")
        )
        size = o.recordings[0].layers["size"]
        test = stats.spearmanr(coded / true, size, nan_policy="omit")
        cases.append(o.case() | {"value": test.statistic, "p_value": test.pvalue})
    return by_level(cases, null=0)

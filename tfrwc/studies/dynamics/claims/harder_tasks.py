"""Whether harder tasks recruit the later layers."""

from collections.abc import Callable

from tfrwc.dynamics.difficulty import SCOPES
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import (
    FIRST,
    LEVEL,
    SECOND,
    Case,
    by_level,
    register,
)


def harder_tasks(scope: str) -> Callable[[Evidence], list[Case]]:
    """The cases of the claim in one of `tfrwc.dynamics.difficulty.SCOPES`."""

    def cases_in_scope(evidence: Evidence) -> list[Case]:
        networks = dict.fromkeys(o.trial.model for o in evidence.outcomes)
        cases = [_case(network, evidence.comparisons, scope) for network in networks]
        for case in by_level(cases, null=0):
            # The test is one-sided; the interval says whether it is the other way
            # round.
            if case["shows"] == "unclear" and case["high"] < 0:
                case["shows"] = "opposite"
        return cases

    return cases_in_scope


def _case(network, comparisons, scope):
    case = {"network": network, "task": "all that it learned"}
    if network not in comparisons:
        why = "learned one task or none"
        return case | {"shows": "not testable", "why": why}
    row = comparisons[network]["trend"].set_index("scope").loc[scope]
    case |= {"value": row["slope"], "low": row["low"], "high": row["high"]}
    case |= {"p_value": row["p_value"]}
    # Even a perfect order would not survive the adjustment.
    if row["smallest_p_value"] * len(comparisons) > LEVEL:
        case |= {"shows": "not testable", "why": "too few tasks or seeds"}
    return case


for _place, _scope in enumerate(SCOPES, start=3):
    register(
        f"harder_tasks, {_scope}",
        f"Harder tasks recruit the later layers more: {_scope}.",
        paper=f"{FIRST}, {SECOND}",
        test="Slope of log(late / early) over the test error of the task; one-sided "
        "permutation test. The opposite if the 95 % interval ends below 0.",
        place=_place,
    )(harder_tasks(_scope))

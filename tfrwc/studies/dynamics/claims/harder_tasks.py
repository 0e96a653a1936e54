"""Whether harder tasks recruit the later layers."""

from collections.abc import Callable

import numpy as np

from tfrwc.dynamics import difficulty_trend
from tfrwc.dynamics.difficulty import SCOPES
from tfrwc.dynamics.statistics import holm
from tfrwc.studies.dynamics.outcome import Evidence
from tfrwc.studies.dynamics.verdicts import (
    FIRST,
    LEVEL,
    SECOND,
    Case,
    register,
)


def claim_name(scope: str) -> str:
    """Name of the claim in one of `tfrwc.dynamics.difficulty.SCOPES`."""
    return f"harder_tasks, {scope}"


def claim_text(scope: str) -> str:
    """The claim in one of `tfrwc.dynamics.difficulty.SCOPES`."""
    return f"Harder tasks recruit the later layers more: {scope}."


def harder_tasks(scope: str) -> Callable[[Evidence], list[Case]]:
    """The cases of the claim in one of `tfrwc.dynamics.difficulty.SCOPES`."""

    def cases_in_scope(evidence: Evidence) -> list[Case]:
        networks = dict.fromkeys(o.trial.model for o in evidence.outcomes)
        cases = [_case(network, evidence.comparisons, scope) for network in networks]
        tested = [case for case in cases if "shows" not in case]
        # Permutations test a direction: each is adjusted by itself.
        ways = {
            "claim": holm(np.array([case["p_value"] for case in tested], float)),
            "opposite": holm(np.array([case["p_opposite"] for case in tested], float)),
        }
        for i, case in enumerate(tested):
            way = "claim" if case["value"] > 0 else "opposite"
            case["p_adjusted"] = float(ways[way][i])
            case["shows"] = way if case["p_adjusted"] <= LEVEL else "unclear"
        return cases

    return cases_in_scope


def _case(network, comparisons, scope):
    case = {"network": network, "task": "all that it learned"}
    if network not in comparisons:
        why = "learned one task or none"
        return case | {"shows": "not testable", "why": why}
    compared = comparisons[network]
    easier = {task: -error for task, error in compared["error"].items()}
    rise, fall = (
        table.set_index("scope").loc[scope]
        for table in (
            compared["trend"],
            difficulty_trend(compared["comparison"], easier),
        )
    )
    case |= {"value": float(rise["slope"]), "p_value": float(rise["p_value"])}
    case |= {"p_opposite": float(fall["p_value"])}
    # Even a perfect order would not survive the adjustment.
    if rise["smallest_p_value"] * len(comparisons) > LEVEL:
        case |= {"shows": "not testable", "why": "too few tasks or seeds"}
    return case


for _place, _scope in enumerate(SCOPES, start=3):
    register(
        claim_name(_scope),
        claim_text(_scope),
        paper=f"{FIRST}, {SECOND}",
        test="Slope of log(late / early) over the test error of the task; one-sided "
        "permutation tests, of the claim and of the opposite.",
        place=_place,
    )(harder_tasks(_scope))

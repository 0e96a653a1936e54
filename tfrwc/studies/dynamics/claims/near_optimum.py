"""Whether a layer of low change is near its optimum; decided by another experiment."""

from typing import Any

from tfrwc.studies.dynamics.verdicts import FIRST, by_interval, decision

# Test accuracy that freezing may cost, one point.
_POINT = 0.01


def near_optimum(freezing: dict[str, Any]) -> dict[str, Any]:
    """Decide the claim that a layer of low change is near its optimum.

    Trials cannot: layers have to be frozen. So it is not registered with the others.

    Args:
        freezing: content of freeze.json, of benchmarks/freeze.py.
    """
    arms = freezing["against_nothing"]
    lost, at_random = (arms[arm]["accuracy_lost"] for arm in ("suggested", "random"))
    case = {"network": freezing["network"], "task": freezing["dataset"]}
    if not any(arms["suggested"]["frozen_kernels"]):
        case |= {"shows": "not testable", "why": "no layer stayed low for long enough"}
    else:
        case |= {"value": lost["mean"], "low": lost["low"], "high": lost["high"]}
        case["at_random"] = at_random["mean"]
        case["shows"] = by_interval(case, _POINT, _POINT)
    return decision(
        "A change that stays low means a layer near its optimum.",
        FIRST,
        "Test accuracy lost by freezing the layers of low change for the second half "
        "of training; shown if its 95 % interval ends below one point, the opposite if "
        "it begins above.",
        [case],
    )

"""Claims of papers, and the rule by which cases decide them.

A case is one network on one task, or one network over its tasks. It shows a claim, or
the opposite, where the p-value of its test, adjusted for the number of cases by Holm's
method, is 0.05 or less, and is unclear otherwise. A claim is supported if more than
half of its testable cases show it and none shows the opposite. A network of which a
seed learned nothing says nothing of how networks learn: its case is not testable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tfrwc._common.registry import Registry
from tfrwc.dynamics.statistics import holm
from tfrwc.studies.dynamics.outcome import Evidence

FIRST, SECOND = "arXiv:2011.06735", "arXiv:2107.07005"
LEVEL = 0.05

Case: TypeAlias = dict[str, Any]
Cases: TypeAlias = Callable[[Evidence], list[Case]]


@dataclass(frozen=True)
class Claim:
    """What a paper says, and how it is tested.

    Attributes:
        text: the claim, a sentence.
        paper: that makes it.
        test: in words.
        place: in the list of claims.
        cases: from the evidence to the cases, each with network, task and what it
            shows: ``"claim"``, ``"opposite"``, ``"unclear"`` or ``"not testable"``.
    """

    text: str
    paper: str
    test: str
    place: int
    cases: Cases

    def decide(self, evidence: Evidence) -> dict[str, Any]:
        """Claim, paper, test, verdict and cases, for results.json."""
        return decision(self.text, self.paper, self.test, self.cases(evidence))


CLAIMS: Registry[Claim] = Registry("claim")


def register(
    name: str, text: str, *, paper: str, test: str, place: int
) -> Callable[[Cases], Cases]:
    """Decorate a function from the evidence to the cases of a claim.

    Each file of the folder ``claims`` registers its own; see `Claim` for the arguments.
    """

    def decorate(cases: Cases) -> Cases:
        CLAIMS.register(name, Claim(text, paper, test, place, cases))
        return cases

    return decorate


def decision(text: str, paper: str, test: str, cases: list[Case]) -> dict[str, Any]:
    """A claim and its verdict, as plain data."""
    return {
        "claim": text,
        "paper": paper,
        "test": test,
        "verdict": verdict(cases),
        "cases": cases,
    }


def verdict(cases: list[Case]) -> str:
    """``"supported"``, ``"not supported"`` or ``"not testable here"``."""
    shows = [case["shows"] for case in cases if case["shows"] != "not testable"]
    if not shows:
        return "not testable here"
    most = shows.count("claim") > len(shows) / 2
    return "supported" if most and "opposite" not in shows else "not supported"


def by_level(cases: list[Case], null: float) -> list[Case]:
    """Say what each case shows, from its value and its p-value.

    Args:
        cases: with value and p_value, where they do not say yet what they show.
        null: the value without an effect; above it the case shows the claim.
    """
    tested = [case for case in cases if "shows" not in case]
    adjusted = holm(np.array([case["p_value"] for case in tested], float))
    for case, p in zip(tested, adjusted, strict=True):
        above = case["value"] > null
        case["p_adjusted"] = float(p)
        case["shows"] = ("claim" if above else "opposite") if p <= LEVEL else "unclear"
    return cases


def by_interval(case: Case, claim_below: float, opposite_above: float) -> str:
    """What the interval of a case shows: the claim if it ends below a bound, the
    opposite if it begins above another."""
    if case["high"] is not None and case["high"] <= claim_below:
        return "claim"
    if case["low"] is not None and case["low"] > opposite_above:
        return "opposite"
    return "unclear"


def sentence(claim: dict[str, Any]) -> str:
    """A claim, its verdict, and how many cases show what.

    Args:
        claim: of `decision`.
    """
    shows = [case["shows"] for case in claim["cases"]]
    counts = {
        "show it": shows.count("claim"),
        "show the opposite": shows.count("opposite"),
        "are unclear": shows.count("unclear"),
        "are not testable": shows.count("not testable"),
    }
    told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{claim['claim']} {claim['verdict'].capitalize()}: of {len(shows)}, {told}."

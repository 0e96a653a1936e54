"""Claims of papers, and the rule by which cases decide them.

A case is one network on one task, or one network over its tasks. It shows a claim, or
the opposite, where the p-value of its test, adjusted for the number of cases by Holm's
method, is 0.05 or less, and is unclear otherwise. An interval that is shown with it is
adjusted in the same way, so that it excludes "no effect" just where the case is clear.

A claim is supported if more than half of its testable cases show it and none shows the
opposite. A network of which a seed learned nothing says nothing of how networks learn:
its case is not testable.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from tfrwc._common.registry import Registry
from tfrwc.dynamics.statistics import holm
from tfrwc.studies.dynamics.intervals import (
    CONFIDENCE,
    LEVEL,
    adjusted_ratios,
    ends,
    ratio_interval,
    shown,
)
from tfrwc.studies.dynamics.outcome import Evidence

FIRST, SECOND = "arXiv:2011.06735", "arXiv:2107.07005"

_ONE = {
    "show it": "shows it",
    "show the opposite": "shows the opposite",
    "are unclear": "is unclear",
    "are not testable": "is not testable",
}

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


def by_ratio(cases: list[Case]) -> list[Case]:
    """Say what each case shows, from a ratio, and give it the adjusted interval.

    Args:
        cases: with value, low, high and p_value, see
            `tfrwc.studies.dynamics.intervals.adjusted_ratios`; where they do not say
            yet what they show. Above 1 a case shows the claim.
    """
    tested = [case for case in cases if "shows" not in case]
    names = {"more": "claim", "less": "opposite", "unclear": "unclear"}
    rows = adjusted_ratios(tested, "value")
    for case, row in zip(tested, rows, strict=True):
        case |= row | {"shows": names[shown(row, 1)]}
    return cases


def by_bounds(
    cases: list[Case], claim_below: float, opposite_above: float
) -> list[Case]:
    """Say what each case shows, from the interval of a ratio for so many cases.

    Args:
        cases: as of `by_ratio`. The intervals are Bonferroni's: together they hold
            with 95 %.
        claim_below, opposite_above: as of `by_interval`.
    """
    tested = [case for case in cases if "shows" not in case]
    confidence = 1 - (1 - CONFIDENCE) / max(len(tested), 1)
    for case in tested:
        low, high = ratio_interval(case, confidence, "value")
        case["adjusted_low"], case["adjusted_high"] = float(low), float(high)
        del case["p_value"]
        case["shows"] = by_interval(case, claim_below, opposite_above)
    return cases


def by_interval(case: Case, claim_below: float, opposite_above: float) -> str:
    """What the interval of a case shows: the claim if it ends below a bound, the
    opposite if it begins above another."""
    _, low, high = ends(case)
    if high <= claim_below:
        return "claim"
    if low > opposite_above:
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
    if not shows:
        return (
            f"{claim['claim']} {claim['verdict'].capitalize()}: no trial can test it."
        )
    told = ", ".join(
        f"{count} {_ONE[what] if count == 1 else what}"
        for what, count in counts.items()
        if count
    )
    return f"{claim['claim']} {claim['verdict'].capitalize()}: of {len(shows)}, {told}."


def answer(claims: list[dict[str, Any]]) -> str:
    """How many claims are supported, and which.

    Args:
        claims: of `decision`.
    """
    verdicts = [claim["verdict"] for claim in claims]
    held = [c["claim"].rstrip(".") for c in claims if c["verdict"] == "supported"]
    counts = (
        f"Of {len(claims)} claim{'s' if len(claims) > 1 else ''}, {len(held)} "
        f"{'is' if len(held) == 1 else 'are'} supported, "
        f"{verdicts.count('not supported')} not, and "
        f"{verdicts.count('not testable here')} cannot be told from these trials."
    )
    return f"{counts} Supported: {'; '.join(held)}." if held else counts


def findings(claims: list[dict[str, Any]]) -> list[str]:
    """The answer, and a sentence for each claim."""
    return [answer(claims), *(sentence(claim) for claim in claims)]

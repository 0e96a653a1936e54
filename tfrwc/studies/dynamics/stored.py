"""Results of many trials from their file, as a page of today reads them."""

from typing import Any

import pandas as pd

from tfrwc._common.plain import plain
from tfrwc.dynamics import Comparison, difficulty_trend
from tfrwc.dynamics.difficulty import SCOPES
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.dynamics import claims as _claims
from tfrwc.studies.dynamics.claims.harder_tasks import claim_name
from tfrwc.studies.dynamics.outcome import Evidence, Outcome
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.dynamics.verdicts import CLAIMS, findings

import_modules(_claims)

Results = dict[str, Any]
# Claims that need no recordings, but what is kept of each trial.
_OF_TRIALS = ("later_layers", "easy_tasks", *map(claim_name, SCOPES))
# Texts that earlier versions had.
_FORMERLY = {
    "The measure that the papers' code computes (elementwise_mean) grows with the size "
    "of a layer by itself.": "size_of_layers",
}
_SETTINGS = ("dataset", "model", "epochs", "images", "learning_rate")


def comparison_of(compared: Results) -> Comparison:
    """A comparison from a file, with its tables.

    Args:
        compared: one of the ``comparisons`` of the results.
    """
    return Comparison(
        **{
            name: pd.DataFrame(value) if isinstance(value, list) else value
            for name, value in compared["comparison"].items()
        }
    )


def decided_again(results: Results) -> Results:
    """The results, with the claims decided anew whose intervals are adjusted.

    Of results of this version nothing changes. Those of earlier ones decided some
    claims by intervals that were not adjusted for the number of cases.

    Args:
        results: of `tfrwc.studies.dynamics.summary.summarise`, as in results.json.
    """
    evidence = _evidence(results)
    known = {claim.text: claim for claim in CLAIMS.values()}
    known |= {old: CLAIMS[name] for old, name in _FORMERLY.items() if name in CLAIMS}
    of_trials = [CLAIMS[name] for name in _OF_TRIALS if name in CLAIMS]
    claims = []
    for stored in results["claims"]:
        claim = known.get(stored["claim"])
        if claim in of_trials:
            stored = claim.decide(evidence)
        elif claim is not None:
            stored = stored | {"claim": claim.text, "test": claim.test}
        claims.append(stored)
    return results | {"claims": plain(claims), "findings": findings(claims)}


def _evidence(results: Results) -> Evidence:
    outcomes = []
    for trial in results["trials"]:
        settings = trial["settings"]
        named = {name: settings[name] for name in _SETTINGS}
        own = Trial(seeds=tuple(settings["seeds"]), **named)
        outcomes.append(Outcome(own, trial, []))
    comparisons = {}
    for network, compared in results["comparisons"].items():
        comparison = comparison_of(compared)
        comparisons[network] = {
            "comparison": comparison,
            "error": compared["error"],
            "trend": difficulty_trend(comparison, compared["error"]),
        }
    return Evidence(outcomes, comparisons)

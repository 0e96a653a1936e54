"""Many trials, and what they say of the papers' claims.

A study is a tuple of trials, numbered from 1.
"""

from typing import Any

import numpy as np

from tfrwc._common.plain import plain
from tfrwc._common.timestamps import utc_now
from tfrwc.dynamics import conv_kinds, trends_by_kind
from tfrwc.dynamics.depth import typical_change
from tfrwc.recording.names import display_names
from tfrwc.studies._discovery import import_modules
from tfrwc.studies.dynamics import claims
from tfrwc.studies.dynamics.outcome import Evidence, Outcome
from tfrwc.studies.dynamics.verdicts import CLAIMS, findings

import_modules(claims)

READING = {
    "findings": "The verdicts in sentences.",
    "claims": "What the papers claim. Each case is a network on a task: value; p-value "
    "and the same adjusted for the number of cases (Holm); where there is one, the "
    "95 % interval, by itself (low, high) and adjusted in the same way (adjusted_low, "
    "adjusted_high); and whether it shows the claim, the opposite, is unclear, or is "
    "not testable and why. p_opposite is of the test of the opposite. test says what "
    "was computed.",
    "trials": "A row per network and task. layers: typical_change is the geometric "
    "mean of l1_ratio over epochs and seeds, typical_elementwise that of "
    "elementwise_mean. change is the mean over seeds, (layers, epochs). seconds "
    "is how long it took to train.",
    "comparisons": "Change by task for each network, easiest task first; see "
    "tfrwc.dynamics.Comparison. error is the test error of each task, trend what "
    "tfrwc.dynamics.difficulty_trend found.",
    "kinds": "Trends of the layers of each kind by themselves.",
    "null": "A value that is not defined.",
}

# A kind of fewer layers is no group to look for trends in.
FEWEST = 4


def decide(evidence: Evidence) -> list[dict[str, Any]]:
    """Decide every claim of the folder ``claims``, in their order."""
    in_order = sorted(CLAIMS.values(), key=lambda claim: claim.place)
    return [claim.decide(evidence) for claim in in_order]


def summarise(outcomes: list[Outcome]) -> dict[str, Any]:
    """Decide the claims, and keep what their figures need.

    Args:
        outcomes: of all trials.

    Returns:
        The results, plain data for results.json.
    """
    evidence = Evidence.of_outcomes(outcomes)
    results = {
        "study": "learning_dynamics_claims",
        "reading": READING,
        "created": utc_now(),
        "versions": outcomes[0].results["versions"],
        "claims": decide(evidence),
        "trials": [_summary(i, o) for i, o in enumerate(outcomes, start=1)],
        "comparisons": {
            model: {
                "error": compared["error"],
                "trend": compared["trend"].to_dict("records"),
                "comparison": _records(compared["comparison"]),
            }
            for model, compared in evidence.comparisons.items()
        },
        "kinds": {
            o.trial.name: _kinds(o)
            for o in outcomes
            if o.trial.model.startswith("efficientnet")
        },
    }
    results["findings"] = findings(results["claims"])
    return plain(results)


def _summary(number, outcome):
    results = outcome.results
    coded = typical_change([r.values("elementwise_mean").T for r in outcome.recordings])
    keys = ("name", "kind", "shape", "size", "depth", "typical_change", "trend")
    layers = [
        {key: layer[key] for key in keys} | {"typical_elementwise": value}
        for layer, value in zip(results["layers"], coded, strict=True)
    ]
    trends = results["trends"]["robust"]
    keys = ("n_clusters", "labels", "centers", "bands", "stability")
    return {
        "number": number,
        "name": outcome.trial.name,
        "settings": results["trial"],
        "data": results["data"],
        "accuracy": results["accuracy"],
        "seconds": sum(results["seconds"].values()),
        "epochs": results["epochs"],
        "layers": layers,
        "change": {
            key: results["change"][key] for key in ("mean", "by_weight_decay_alone")
        },
        "trends": {"robust": {key: trends[key] for key in keys}},
        "depth_effect": results["depth_effect"],
        "block_effect": results["block_effect"],
    }


def _records(comparison):
    """The fields of a Comparison, tables as lists of rows."""
    return {
        name: value.to_dict("records") if hasattr(value, "to_dict") else value
        for name, value in vars(comparison).items()
    }


def _kinds(outcome):
    """For each kind with enough layers: its curves, trends, and their medians."""
    recordings = outcome.recordings
    layers = recordings[0].layers
    names = display_names(layers)
    kinds = conv_kinds(layers).to_numpy()
    mean = np.mean([r.values("l1_ratio").T for r in recordings], axis=0)
    enough = [kind for kind in dict.fromkeys(kinds) if (kinds == kind).sum() >= FEWEST]
    told = np.isin(kinds, enough)
    fitted = trends_by_kind(mean[told], kinds[told])
    return {
        kind: {
            "layers": [names[i] for i in np.flatnonzero(kinds == kind)],
            "curves": mean[kinds == kind],
            "labels": one.labels_,
            "centers": one.centers_,
            "stability": one.stability_,
        }
        for kind, one in fitted.items()
    }

"""The claims of the two papers, held against trials: supported, or not, or untestable.

`verdicts` has the rule that all claims share. A case is one network on one task, or one
network over its tasks. A network of which a seed learned nothing says nothing of how
networks learn: its case is not testable.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats
from sklearn.metrics import adjusted_rand_score

from tfrwc.dynamics import TrendClusterer, compare, conv_kinds, difficulty_trend
from tfrwc.dynamics.depth import typical_change
from tfrwc.dynamics.difficulty import SCOPES
from tfrwc.studies.dynamics.trial import Trial
from tfrwc.studies.dynamics.trials import ACCURACY
from tfrwc.studies.dynamics.verdicts import LEVEL, agreement, by_level, claim

FIRST, SECOND = "arXiv:2011.06735", "arXiv:2107.07005"
EASY = ("mnist", "fashion_mnist")
# Late layers may change this much more than middle ones and still count as "no more".
MARGIN = 1.1
SAME_GROUPS = 0.95
# A seed has learned if its test accuracy is so far above that of the commonest class.
LEARNED = 0.1
ACCURACY_POINTS = 0.02


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trial, its results, and its recordings."""

    trial: Trial
    results: dict
    recordings: list

    @property
    def learned(self) -> bool:
        """Whether every seed did."""
        least = min(self.results["accuracy"]["per_seed"].values())
        return least >= self.results["data"]["majority_rate"] + LEARNED

    def case(self) -> dict:
        """Network and task, with why they cannot be tested if they cannot."""
        named = {"network": self.trial.model, "task": self.trial.dataset}
        if self.learned:
            return named
        return named | {"shows": "not testable", "why": "a seed learned nothing"}


def assess(outcomes) -> tuple[list[dict], dict]:
    """Decide each claim.

    Args:
        outcomes: of all trials, a list of `Outcome`.

    Returns:
        The claims, each a dict of claim, paper, test (in words), verdict, and cases;
        and what `compare` found for each network with several tasks.
    """
    comparisons = compare_tasks(outcomes)
    claims = [
        later_layers(outcomes),
        easy_tasks(outcomes),
        *(harder_tasks(outcomes, comparisons, scope) for scope in SCOPES),
        size_of_layers(outcomes),
        same_trends(outcomes),
        same_groups(outcomes),
        kinds_of_layers(outcomes),
        accuracies(outcomes),
    ]
    return claims, comparisons


def later_layers(outcomes):
    cases = [_block(o, "late / early") for o in outcomes]
    return claim(
        "Later layers change more than earlier ones.",
        FIRST,
        "Ratio of the geometric mean changes (l1_ratio) of the last and first third of "
        "the depth; Welch's test.",
        by_level(cases, null=1),
    )


def easy_tasks(outcomes):
    cases = [_block(o, "late / middle") for o in outcomes if o.trial.dataset in EASY]
    for case in cases:
        case.pop("p_value")
        if "shows" in case:
            continue
        shown = case["high"] is not None and case["high"] <= MARGIN
        opposite = case["low"] is not None and case["low"] > 1
        case["shows"] = "claim" if shown else "opposite" if opposite else "unclear"
    return claim(
        "On easy tasks (MNIST, Fashion-MNIST) the last layers change no more than the "
        "middle ones.",
        FIRST,
        "Ratio of the last and middle third; shown if its 95 % interval ends below "
        f"{MARGIN}, the opposite if it begins above 1.",
        cases,
    )


def harder_tasks(outcomes, comparisons, scope):
    cases = []
    for model in dict.fromkeys(o.trial.model for o in outcomes):
        case = {"network": model, "task": "all that it learned"}
        if model not in comparisons:
            why = "learned one task or none"
            cases.append(case | {"shows": "not testable", "why": why})
            continue
        trend = comparisons[model]["trend"]
        row = trend.set_index("scope").loc[scope]
        case |= {"value": row["slope"], "low": row["low"], "high": row["high"]}
        case |= {"p_value": row["p_value"]}
        # Even a perfect order would not survive the adjustment.
        if row["smallest_p_value"] * len(comparisons) > LEVEL:
            case |= {"shows": "not testable", "why": "too few tasks or seeds"}
        cases.append(case)
    by_level(cases, null=0)
    for case in cases:
        # The test is one-sided; the interval says whether it is the other way round.
        if case["shows"] == "unclear" and case["high"] < 0:
            case["shows"] = "opposite"
    return claim(
        f"Harder tasks recruit the later layers more: {scope}.",
        f"{FIRST}, {SECOND}",
        "Slope of log(late / early) over the test error of the task; one-sided "
        "permutation test. The opposite if the 95 % interval ends below 0.",
        cases,
    )


def size_of_layers(outcomes):
    cases = []
    for o in outcomes:
        table = o.recordings[0].layers
        coded, true = (
            typical_change([r.values(m).T for r in o.recordings])
            for m in ("elementwise_mean", "l1_ratio")
        )
        found = stats.spearmanr(coded / true, table["size"], nan_policy="omit")
        cases.append(o.case() | {"value": found.statistic, "p_value": found.pvalue})
    return claim(
        "The measure that the papers' code computes (elementwise_mean) grows with the "
        "size of a layer by itself.",
        "a finding to reproduce",
        "Rank correlation over layers of elementwise_mean / l1_ratio with size.",
        by_level(cases, null=0),
    )


def same_trends(outcomes):
    cases = []
    for o in outcomes:
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
    return claim(
        "Layers fall into a few trends that are the network's, not the seed's.",
        SECOND,
        "Mean adjusted Rand index between the trends (preset robust) of different "
        "seeds; permutation test.",
        by_level(cases, null=0),
    )


def same_groups(outcomes):
    cases = []
    for o in outcomes:
        mean = np.mean([r.values("l1_ratio").T for r in o.recordings], axis=0)
        labels = [
            TrendClusterer(preset="weightscale", random_state=seed).fit(mean).labels_
            for seed in range(10)
        ]
        scores = [adjusted_rand_score(a, b) for a, b in combinations(labels, 2)]
        value = float(np.mean(scores))
        shows = "claim" if value >= SAME_GROUPS else "opposite"
        cases.append({"shows": shows} | o.case() | {"value": value})
    return claim(
        "The published pipeline gives the same groups whatever its random seed.",
        SECOND,
        "Mean adjusted Rand index between the groups of ten seeds; shown if it is "
        f"{SAME_GROUPS} or more.",
        cases,
    )


def kinds_of_layers(outcomes):
    cases = []
    for o in outcomes:
        if not o.trial.model.startswith("efficientnet"):
            continue
        kinds = conv_kinds(o.recordings[0].layers).to_numpy()
        change = np.log(typical_change([r.values("l1_ratio").T for r in o.recordings]))
        known = np.isfinite(change)
        groups = [change[known & (kinds == kind)] for kind in dict.fromkeys(kinds)]
        groups = [group for group in groups if len(group) > 3]
        middles = [np.median(group) for group in groups]
        cases.append(
            o.case()
            | {
                "value": float(np.exp(max(middles) - min(middles))),
                "p_value": float(stats.kruskal(*groups).pvalue),
            }
        )
    return claim(
        "The kinds of layers of EfficientNet change differently.",
        SECOND,
        "Largest over smallest median change of a kind; Kruskal and Wallis' test.",
        by_level(cases, null=1),
    )


def accuracies(outcomes):
    cases = []
    for o in outcomes:
        named = {"network": o.trial.model, "task": o.trial.dataset}
        case = named | {"value": o.results["accuracy"]["mean"]}
        published = ACCURACY.get((o.trial.model, o.trial.dataset))
        if published is None or o.trial.images is not None:
            why = "no full training, or no published accuracy of this network and task"
            cases.append(case | {"shows": "not testable", "why": why})
            continue
        near = abs(case["value"] - published) <= ACCURACY_POINTS
        cases.append(
            case | {"published": published, "shows": "claim" if near else "opposite"}
        )
    return claim(
        "The networks reach the published test accuracies.",
        FIRST,
        f"Within {ACCURACY_POINTS:.0%} of the published accuracy, mean over seeds.",
        cases,
    )


def near_optimum(freezing) -> dict:
    """Decide the claim that a layer of low change is near its optimum.

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
        shown = lost["high"] <= 0.01
        opposite = lost["low"] > 0.01
        case["shows"] = "claim" if shown else "opposite" if opposite else "unclear"
    return claim(
        "A change that stays low means a layer near its optimum.",
        FIRST,
        "Test accuracy lost by freezing the layers of low change for the second half "
        "of training; shown if its 95 % interval ends below one point, the opposite if "
        "it begins above.",
        [case],
    )


def _block(outcome, comparison):
    rows = outcome.results["block_effect"]["l1_ratio"]
    row = next(row for row in rows if row["comparison"] == comparison)
    return outcome.case() | {
        "value": row["ratio"],
        "low": row["low"],
        "high": row["high"],
        "p_value": row["p_value"],
    }


def compare_tasks(outcomes):
    """What `compare` and `difficulty_trend` find, by network, easiest task first."""
    found = {}
    for model in dict.fromkeys(o.trial.model for o in outcomes):
        mine = [o for o in outcomes if o.trial.model == model and o.learned]
        mine.sort(key=lambda o: o.results["accuracy"]["mean"], reverse=True)
        error = {o.trial.dataset: 1 - o.results["accuracy"]["mean"] for o in mine}
        if len(set(error.values())) < 2:
            continue
        comparison = compare({o.trial.dataset: o.recordings for o in mine})
        found[model] = {
            "comparison": comparison,
            "error": error,
            "trend": difficulty_trend(comparison, error),
        }
    return found

"""What came of the trials of a study: what claims are held against."""

from dataclasses import dataclass
from typing import Any

from tfrwc.dynamics import compare, difficulty_trend
from tfrwc.recording.recording import Recording
from tfrwc.studies.dynamics.trial import Trial

# A seed has learned if its test accuracy is so far above that of the commonest class.
LEARNED = 0.1


def has_learned(results: dict[str, Any]) -> bool:
    """Whether the network of a trial learned something with every seed."""
    least = min(results["accuracy"]["per_seed"].values())
    return bool(least >= results["data"]["majority_rate"] + LEARNED)


@dataclass(frozen=True, eq=False)
class Outcome:
    """A trial, its results, and its recordings, one for each seed."""

    trial: Trial
    results: dict[str, Any]
    recordings: list[Recording]

    @property
    def learned(self) -> bool:
        """Whether the network learned something with every seed."""
        return has_learned(self.results)

    def case(self) -> dict[str, Any]:
        """Network and task, with why they cannot be tested if they cannot."""
        case = {"network": self.trial.model, "task": self.trial.dataset}
        if self.learned:
            return case
        return case | {"shows": "not testable", "why": "a seed learned nothing"}

    def thirds(self, comparison: str) -> dict[str, Any]:
        """The case of a ratio of thirds of the depth, such as "late / early"."""
        rows = self.results["block_effect"]["l1_ratio"]
        row = next(row for row in rows if row["comparison"] == comparison)
        return self.case() | {
            "value": row["ratio"],
            "low": row["low"],
            "high": row["high"],
            "p_value": row["p_value"],
        }


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that claims are decided by.

    Attributes:
        outcomes: of all trials.
        comparisons: by network, of those that learned several tasks: the
            `tfrwc.dynamics.Comparison` of its tasks, the test error of each, and the
            trend that `tfrwc.dynamics.difficulty_trend` found.
    """

    outcomes: list[Outcome]
    comparisons: dict[str, dict[str, Any]]

    @classmethod
    def of_outcomes(cls, outcomes: list[Outcome]) -> "Evidence":
        """Compare the tasks of each network, easiest task first."""
        comparisons = {}
        for model in dict.fromkeys(o.trial.model for o in outcomes):
            mine = [o for o in outcomes if o.trial.model == model and o.learned]
            mine.sort(key=lambda o: o.results["accuracy"]["mean"], reverse=True)
            error = {o.trial.dataset: 1 - o.results["accuracy"]["mean"] for o in mine}
            if len(set(error.values())) < 2:
                continue
            comparison = compare({o.trial.dataset: o.recordings for o in mine})
            comparisons[model] = {
                "comparison": comparison,
                "error": error,
                "trend": difficulty_trend(comparison, error),
            }
        return cls(outcomes, comparisons)

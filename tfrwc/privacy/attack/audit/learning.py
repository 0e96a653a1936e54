"""Learning from releases how to tell two inputs apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc.privacy.attack.audit.columns import Columns, Gaze
from tfrwc.privacy.attack.audit.events import FEW_QUANTILES, Event, best_event
from tfrwc.privacy.attack.audit.releases import Rows

Floats = NDArray[np.float64]

_BY_ITSELF = 8  # columns that are tried as scores
_TOGETHER = 48  # columns that the classifier gets
_CHUNK = 4096


@dataclass(frozen=True)
class Learnt:
    """A score that tells two inputs apart, and the event in it that tells most.

    Attributes:
        name: of what it looks at.
        score: of columns, (n,).
        event: of the score.
    """

    name: str
    score: Callable[[Floats], Floats]
    event: Event

    def scores(self, gaze: Gaze, rows: Rows) -> Floats:
        """(n,): the score of each release."""
        parts = [
            self.score(gaze.columns(some).values) for some in _chunks(rows, _CHUNK)
        ]
        return np.concatenate(parts)


def learn(
    first: Columns, other: Columns, delta: float, classify: bool = True
) -> Learnt:
    """Learn a score from releases of two inputs.

    The first half of the releases of each chooses columns and trains a classifier of
    scikit-learn on them; the second half chooses among the classifier and single
    columns, and the event.

    Args:
        first: of releases of the first input.
        other: of releases of the second one.
        delta: of the guarantee that is attacked.
        classify: whether to train a classifier, or to try single columns only.
    """
    half, other_half = len(first.values) // 2, len(other.values) // 2
    a, b = first.values[:half], other.values[:other_half]
    shown = np.array(
        [
            best_event(*pair, delta, FEW_QUANTILES).epsilon
            for pair in zip(a.T, b.T, strict=True)
        ]
    )
    # Where no event shows anything, columns may still help together.
    order = np.argsort(-shown - 1e-3 * _separation(a, b), kind="stable")
    scores: dict[str, Callable[[Floats], Floats]] = {
        first.names[i]: _column(i) for i in order[:_BY_ITSELF]
    }
    if classify:
        scores["a classifier of the whole release"] = _classifier(
            a, b, order[:_TOGETHER]
        )
    validated = [first.values[half:], other.values[other_half:]]
    learnt = [
        Learnt(name, score, best_event(*map(score, validated), delta))
        for name, score in scores.items()
    ]
    return max(learnt, key=lambda one: one.event.epsilon)


def _column(i: int) -> Callable[[Floats], Floats]:
    return lambda columns: columns[:, i]


def _classifier(
    a: Floats, b: Floats, chosen: NDArray[Any]
) -> Callable[[Floats], Floats]:
    # Not at the top: it takes a second, and audits by canaries do without.
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=40,
        max_leaf_nodes=8,
        learning_rate=0.2,
        early_stopping=False,
        random_state=0,
    )
    x = np.concatenate([a[:, chosen], b[:, chosen]])
    model.fit(x, np.repeat([0, 1], [len(a), len(b)]))

    def score(columns: Floats) -> Floats:
        scores: Floats = model.decision_function(columns[:, chosen])
        return scores

    return score


def _separation(a: Floats, b: Floats) -> Floats:
    """How far the means of each column are apart, in standard deviations."""
    spread = np.sqrt(a.var(axis=0) + b.var(axis=0)) + 1e-12
    apart: Floats = np.minimum(np.abs(a.mean(axis=0) - b.mean(axis=0)) / spread, 10)
    return apart


def _chunks(rows: Rows, size: int) -> list[Rows]:
    return [
        Rows(*(part[i : i + size] for part in rows[:-1]), rows.pool)
        for i in range(0, len(rows.target), size)
    ]

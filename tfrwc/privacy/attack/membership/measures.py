"""Measures of one attack: of all examples, of each class, of patients."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t

from tfrwc.privacy.accounting.bounds import advantage_bound, auc_bound, tpr_bound
from tfrwc.privacy.attack.membership import game as game
from tfrwc.privacy.attack.membership.result import Measurement, WorstPatient

FEWEST = 20  # members, and non-members: examples, or patients where they are given


@dataclass(frozen=True, eq=False)
class Found:
    """Rows, the null's (repeats, measures), and held-out scores of one signal."""

    rows: list
    null: np.ndarray
    scores: np.ndarray


@dataclass(frozen=True)
class Plan:
    """How measures are taken; `guarantee` is that of what comes and goes together."""

    repeats: int
    confidence: float
    random_state: int
    guarantee: tuple | None

    def measure(self, attack, signal, member, clusters, scope="all", which=None):
        rng = self.rng(scope, which)
        values, scores = game.play(signal, member, clusters, self.repeats, rng)
        null = game.play_null(signal[~member], clusters[~member], self.repeats, rng)
        rows = [
            Measurement(
                attack,
                scope,
                which,
                name,
                *self._interval(values[..., i], name, fewest_units(member, clusters)),
                *self.range(null[:, i]),
                self._bound(name),
                int(member.sum()),
                int((~member).sum()),
            )
            for i, name in enumerate(game.MEASURES)
            if np.isfinite(values[..., i]).all()
        ]
        return Found(rows, null, scores)

    def rng(self, scope, which=None):
        # Examples are in order of their signals: with the same draws, classes of one
        # size would have the same null, and the worst of them would be no worse.
        scope = ("all", "class", "patient", "worst patient").index(scope)
        return np.random.default_rng([self.random_state, scope, which or 0])

    def range(self, values):
        """Mean of values, and the percentiles that the confidence lies between."""
        if not np.isfinite(values).all():
            return None, None, None
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail])
        return float(values.mean()), float(low), float(high)

    def _interval(self, values, name, fewest):
        tail = (1 - self.confidence) / 2
        if np.ptp(values) > 0:
            half = t.ppf(1 - tail, self.repeats) * values.std()
        else:
            half = 2 * (1 - tail ** (1 / fewest))
        value = float(values.mean())
        least = -1.0 if name == "advantage" else 0.0
        return value, float(max(value - half, least)), float(min(value + half, 1.0))

    def _bound(self, name):
        if self.guarantee is None:
            return None
        if name == "auc":
            return auc_bound(*self.guarantee)
        if name == "advantage":
            return advantage_bound(*self.guarantee)
        rate = game.RATES[game.MEASURES.index(name) - 2]
        return float(tpr_bound(rate, *self.guarantee))


def of_classes(plan, attack, signal, examples, left_out):
    """Rows of each class with enough examples, and of the worst of them."""
    classes = np.unique(examples.labels)
    found = []
    for label in classes if len(classes) > 1 else ():
        of = examples.labels == label
        member, clusters = examples.member[of], examples.clusters[of]
        fewest = fewest_units(member, clusters)
        if fewest < FEWEST:
            left_out.append(
                f"Class {label} was left out: it has {fewest} members or non-members, "
                f"and needs {FEWEST}."
            )
            continue
        found.append(
            plan.measure(attack, signal[of], member, clusters, "class", int(label))
        )
    rows = [row for one in found for row in one.rows]
    if len(found) < 2:
        return rows
    for i in range(2):  # AUC and advantage, which every class has
        worst = max((one.rows[i] for one in found), key=lambda row: row.value)
        # Some class is always the worst: so is one in each repeat of the null.
        null = np.max([one.null[:, i] for one in found], axis=0)
        null, low, high = plan.range(null)
        rows.append(
            replace(worst, scope="worst class", null=null, null_low=low, null_high=high)
        )
    return rows


def of_patients(plan, attack, signal, examples):
    """Rows of patients, by the mean signal of their images, and the worst patient."""
    images = np.bincount(examples.clusters)
    mean = np.column_stack(
        [np.bincount(examples.clusters, column) / images for column in signal.T]
    )
    member = np.zeros(len(images), bool)
    member[examples.clusters] = examples.member
    found = plan.measure(attack, mean, member, np.arange(len(images)), "patient")
    others = found.scores[~member]
    # Where no two of them differ, no deviation is a unit: all stay 0.
    scores = (found.scores - others.mean()) / (others.std() or np.inf)
    rng = plan.rng("worst patient")
    highest, of = game.highest(scores, member, plan.repeats, rng)
    worst = np.where(member, scores, -np.inf).argmax()
    return found.rows, WorstPatient(
        attack,
        examples.names[worst].item(),
        int(images[worst]),
        float(scores[worst]),
        float(highest[:, 0].mean()),
        *plan.range(highest[:, 1]),
        of,
    )


def fewest_units(member, clusters):
    """The smaller number of clusters, of members or of others."""
    return min(len(np.unique(clusters[m])) for m in (member, ~member))

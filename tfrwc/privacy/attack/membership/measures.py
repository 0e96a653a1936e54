"""Measures of one attack: of all examples, of each class, of patients."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from tfrwc.privacy.accounting.attacks import Attacks
from tfrwc.privacy.attack.membership import game
from tfrwc.privacy.attack.membership.examples import Examples
from tfrwc.privacy.attack.membership.result import Measurement, WorstPatient

FEWEST = 20  # members, and non-members: examples, or patients where they are given
_SCOPES = ("all", "class", "patient", "worst patient")


@dataclass(frozen=True, eq=False)
class Measured:
    """The measures of one signal.

    Attributes:
        rows: a `Measurement` for each.
        null: (repeats, measures), of non-members against non-members.
        scores: (n,), of each example while not learnt from.
    """

    rows: list[Measurement]
    null: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """How measures are taken.

    Attributes:
        repeats: number of random halvings.
        confidence: of the intervals.
        random_state: seed of the halvings.
        limits: of attacks on what comes and goes together, or None.
    """

    repeats: int
    confidence: float
    random_state: int
    limits: Attacks | None

    def measure(
        self,
        attack: str,
        signal: NDArray[np.float64],
        member: NDArray[np.bool_],
        clusters: NDArray[Any],
        scope: str = "all",
        which: int | None = None,
    ) -> Measured:
        """Play the game, and its null, with a signal.

        Args:
            attack: its name.
            signal: (n, d).
            member: (n,), bool.
            clusters: (n,), whole numbers, which are never cut.
            scope, which: of the `Measurement`.
        """
        rng = self.rng(scope, which)
        values, scores = game.play(signal, member, clusters, self.repeats, rng)
        null = game.play_null(signal[~member], clusters[~member], self.repeats, rng)
        fewest = fewest_units(member, clusters)
        rows = []
        for i, name in enumerate(game.MEASURES):
            if not np.isfinite(values[..., i]).all():
                continue
            value, low, high = self._interval(values[..., i], name, fewest)
            null_mean, null_low, null_high = None, None, None
            if np.isfinite(null[:, i]).all():
                null_mean, null_low, null_high = self.range(null[:, i])
            row = Measurement(
                attack=attack,
                scope=scope,
                which=which,
                measure=name,
                value=value,
                low=low,
                high=high,
                null=null_mean,
                null_low=null_low,
                null_high=null_high,
                bound=self._bound(name),
                members=int(member.sum()),
                non_members=int((~member).sum()),
            )
            rows.append(row)
        return Measured(rows, null, scores)

    def rng(self, scope: str, which: int | None = None) -> np.random.Generator:
        """A generator of its own for each scope and class."""
        # Examples are in order of their signals: with the same draws, classes of one
        # size would have the same null, and the worst of them would be no worse.
        seeds = [self.random_state, _SCOPES.index(scope), which or 0]
        return np.random.default_rng(seeds)

    def range(self, values: NDArray[np.float64]) -> tuple[float, float, float]:
        """Mean of values, and the percentiles that the confidence lies between."""
        tail = (1 - self.confidence) / 2
        low, high = np.quantile(values, [tail, 1 - tail])
        return float(values.mean()), float(low), float(high)

    def _interval(
        self, values: NDArray[np.float64], name: str, fewest: int
    ) -> tuple[float, float, float]:
        """Mean of the values of all halves, and the ends of its interval."""
        tail = (1 - self.confidence) / 2
        if np.ptp(values) > 0:
            half = t.ppf(1 - tail, self.repeats) * values.std()
        else:
            half = 2 * (1 - tail ** (1 / fewest))
        value = float(values.mean())
        least = -1.0 if name == "advantage" else 0.0
        return value, float(max(value - half, least)), float(min(value + half, 1.0))

    def _bound(self, name: str) -> float | None:
        """The greatest value of a measure that the guarantee allows."""
        if self.limits is None:
            return None
        if name == "auc":
            return self.limits.auc
        if name == "advantage":
            return self.limits.advantage
        rate = game.RATES[game.MEASURES.index(name) - 2]
        return float(self.limits.tpr_at(rate))


def measure_classes(
    plan: Plan, attack: str, signal: NDArray[np.float64], examples: Examples
) -> tuple[list[Measurement], list[str]]:
    """Measure an attack on each class with enough examples.

    Returns:
        Rows of these classes and of the worst of them; sentences, of classes that were
        left out.
    """
    classes = np.unique(examples.labels)
    measured, left_out = [], []
    for label in classes if len(classes) > 1 else ():
        chosen = examples.labels == label
        member, clusters = examples.member[chosen], examples.clusters[chosen]
        fewest = fewest_units(member, clusters)
        if fewest < FEWEST:
            left_out.append(
                f"Class {label} was left out: it has {fewest} members or non-members, "
                f"and needs {FEWEST}."
            )
            continue
        measured.append(
            plan.measure(attack, signal[chosen], member, clusters, "class", int(label))
        )
    rows = [row for one_class in measured for row in one_class.rows]
    if len(measured) > 1:
        rows += _worst_class(plan, measured)
    return rows, left_out


def measure_patients(
    plan: Plan, attack: str, signal: NDArray[np.float64], examples: Examples
) -> tuple[list[Measurement], WorstPatient]:
    """Measure an attack by the mean signal of each patient's images.

    Args:
        plan: how.
        attack: its name.
        signal: (n, d), of the images.
        examples: the images, with the names of their patients.

    Returns:
        Rows of the patients, and the patient that the attack is surest of.
    """
    images = np.bincount(examples.clusters)
    mean = np.column_stack(
        [np.bincount(examples.clusters, column) / images for column in signal.T]
    )
    member = np.zeros(len(images), bool)
    member[examples.clusters] = examples.member
    measured = plan.measure(attack, mean, member, np.arange(len(images)), "patient")
    others = measured.scores[~member]
    # Where no two of them differ, no deviation is a unit: all stay 0.
    scores = (measured.scores - others.mean()) / (others.std() or np.inf)
    rng = plan.rng("worst patient")
    highest, count = game.highest(scores, member, plan.repeats, rng)
    worst = np.where(member, scores, -np.inf).argmax()
    null, null_low, null_high = plan.range(highest[:, 1])
    return measured.rows, WorstPatient(
        attack=attack,
        patient=None if examples.names is None else examples.names[worst].item(),
        images=int(images[worst]),
        score=float(scores[worst]),
        typical=float(highest[:, 0].mean()),
        null=null,
        null_low=null_low,
        null_high=null_high,
        of=count,
    )


def fewest_units(member: NDArray[np.bool_], clusters: NDArray[Any]) -> int:
    """The smaller number of clusters, of members or of others."""
    return min(len(np.unique(clusters[side])) for side in (member, ~member))


def _worst_class(plan: Plan, classes: list[Measured]) -> list[Measurement]:
    rows = []
    for i in range(2):  # AUC and advantage, which every class has
        worst = max((one.rows[i] for one in classes), key=lambda row: row.value)
        # Some class is always the worst: so is one in each repeat of the null.
        null, low, high = plan.range(np.max([one.null[:, i] for one in classes], 0))
        rows.append(
            replace(worst, scope="worst class", null=null, null_low=low, null_high=high)
        )
    return rows

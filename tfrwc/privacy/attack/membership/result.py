"""The result of membership attacks: as a table, as plain data, and in sentences."""

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tfrwc._common.html import paragraphs
from tfrwc._common.percent import percent

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Measurement:
    """One measure of one attack.

    Attributes:
        attack: "threshold", "logistic" or "lira".
        scope: "all"; "class", of the examples of one class; "worst class", the
            greatest over classes; "patient", with the mean signal of each patient.
        which: the class, where the scope is one; else None.
        measure: "auc"; "advantage", the true positive rate less the false positive
            rate at a threshold chosen on other examples; "tpr_at_fpr_0.01" and
            "tpr_at_fpr_0.001", the share of members found at that rate of false
            alarms.
        value: mean over the repeats.
        low, high: interval for the value of fresh members and non-members.
        null: mean of the same attack on non-members against non-members; None where
            there are too few of them.
        null_low, null_high: the ends of a range that holds the null of as large a share
            of the repeats as the confidence says.
        bound: greatest value that the guarantee allows; None without a guarantee.
        members, non_members: numbers of examples, or patients, that were measured.
    """

    attack: str
    scope: str
    which: int | None
    measure: str
    value: float
    low: float
    high: float
    null: float | None
    null_low: float | None
    null_high: float | None
    bound: float | None
    members: int
    non_members: int

    @property
    def excess(self) -> float:
        """How far above what the guarantee allows the whole interval lies, negative if
        it does not; minus infinity without a guarantee."""
        return -math.inf if self.bound is None else self.low - self.bound

    @property
    def above_bound(self) -> bool:
        """Whether the whole interval lies above what the guarantee allows."""
        return self.excess > 0


@dataclass(frozen=True)
class WorstPatient:
    """The member patient that an attack is surest of.

    A score here is in deviations above the mean, both of non-member patients.

    Attributes:
        attack: its name.
        patient: name of the patient.
        images: number of the patient's images.
        score: score of the patient.
        typical: mean, over the repeats, of the highest score of `of` member patients.
        null: the same of as many non-member patients.
        null_low, null_high: as those of a `Measurement`.
        of: number of patients whose highest score `typical` and `null` are.
    """

    attack: str
    patient: object
    images: int
    score: float
    typical: float
    null: float
    null_low: float
    null_high: float
    of: int


@dataclass(frozen=True)
class MembershipResult:
    """Result of the attacks of `membership_inference`.

    Attributes:
        measurements: every `Measurement`.
        worst_patients: a `WorstPatient` of each attack, where patients were given.
        guarantee: (epsilon, delta) of one example, or None.
        patient_guarantee: the same of all images of a patient.
        largest_advantage, largest_tpr: the advantage, and the true positive rate at 1 %
            false positives, that no attack exceeds; None without a guarantee.
        lira: variant of the likelihood ratio attack, or None.
        repeats: number of random halvings.
        confidence: of the intervals.
        left_out: sentences: what was not measured, and why.
    """

    measurements: tuple[Measurement, ...]
    worst_patients: tuple[WorstPatient, ...]
    guarantee: tuple[float, float] | None
    patient_guarantee: tuple[float, float] | None
    lira: str | None
    repeats: int
    confidence: float
    left_out: tuple[str, ...]
    largest_advantage: float | None = None
    largest_tpr: float | None = None

    def get(
        self, attack: str, measure: str, scope: str = "all", which: int | None = None
    ) -> Measurement:
        """The measurement of these names.

        Args:
            attack, measure, scope: as in `Measurement`.
            which: the class; None for any, of which the first is returned.

        Raises:
            KeyError: if there is none of these names.
        """
        for m in self.measurements:
            if (m.attack, m.measure, m.scope) == (attack, measure, scope) and (
                which is None or m.which == which
            ):
                return m
        raise KeyError(
            f"There is no {measure!r} of {attack!r} for {scope!r} {which}. "
            f"Left out: {' '.join(self.left_out) or 'nothing.'}"
        )

    def to_frame(self) -> "pd.DataFrame":
        """A row for each measurement, with the columns of `Measurement`."""
        import pandas as pd

        rows = pd.DataFrame([asdict(m) for m in self.measurements])
        numbers = {name: "float64" for name in ("null", "null_low", "null_high")}
        return rows.astype({**numbers, "bound": "float64", "which": "Int64"})

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        data = asdict(self)
        for name in ("measurements", "worst_patients", "left_out"):
            data[name] = list(data[name])
        for name in ("guarantee", "patient_guarantee"):
            data[name] = data[name] and list(data[name])
        return data

    def explain(self) -> str:
        """The result as text for a person who decides on a release."""
        first = self.measurements[0]
        paragraphs = [
            f"{first.members:,} examples that the model was trained on and "
            f"{first.non_members:,} others were told apart by what the model says of "
            "them. An AUC of 0.5 and an advantage of 0 are guessing; 1 is certainty. "
            f"In brackets are intervals of {percent(self.confidence, 0)}, and what "
            "chance makes of non-members against fewer non-members.",
            *map(self._of_attack, dict.fromkeys(m.attack for m in self.measurements)),
            *map(_of_patient, self.worst_patients),
            *self._of_guarantee(),
            *self.left_out,
            "All this is about memory only if members and non-members were drawn "
            "alike, at random from one collection: else an attack can tell the two "
            "collections apart. And no attack proves safety: a better one may succeed.",
        ]
        return "\n\n".join(paragraphs)

    def _repr_html_(self) -> str:
        return paragraphs(self.explain())

    def _of_attack(self, attack: str) -> str:
        variant = f" ({self.lira})" if attack == "lira" else ""
        text = f"The {attack} attack{variant}:"
        for m in self.measurements:
            if m.attack != attack or m.scope == "class":
                continue
            if m.scope != "worst class" or m.measure == "auc":
                text += f" {_subject(m)} {_spread(m)}."
        return text

    def _of_guarantee(self) -> Iterator[str]:
        if (
            self.guarantee is None
            or self.largest_advantage is None
            or self.largest_tpr is None
        ):
            return
        epsilon, delta = self.patient_guarantee or self.guarantee
        whom = "example" if self.patient_guarantee is None else "patient"
        yield (
            f"The guarantee, epsilon {epsilon:.4g} with delta {delta:.4g} for one "
            f"{whom}, allows an advantage of {self.largest_advantage:.3f} and finding "
            f"{percent(self.largest_tpr)} of the members at 1 % false alarms."
        )
        rows = [m for m in self.measurements if m.scope != "worst class"]
        above = [m for m in rows if m.above_bound]
        if not above:
            yield "No measure is above what the guarantee allows."
            return
        worst = max(above, key=lambda m: m.excess)
        yield (
            f"{len(above)} of {len(rows)} measures are above what the guarantee "
            f"allows, with their whole intervals; farthest, of the {worst.attack} "
            f"attack: {_subject(worst)} {_spread(worst)}, where {worst.bound:.3f} is "
            "allowed. The guarantee is false, or members and non-members were not "
            "drawn alike, or this is chance: so it is in about "
            f"{percent((1 - self.confidence) / 2)} of measures that are at the bound."
        )


def _of_patient(worst: WorstPatient) -> str:
    images = "1 image" if worst.images == 1 else f"{worst.images} images"
    return (
        f"The patient that the {worst.attack} attack is surest of is "
        f"{worst.patient!r}, with {images} and a score of {worst.score:.1f} deviations "
        "above the mean of other patients. Somebody is always the surest: the highest "
        f"score of {worst.of} members is {worst.typical:.1f} on average, that of "
        f"{worst.of} others {worst.null:.1f} ({worst.null_low:.1f} to "
        f"{worst.null_high:.1f})."
    )


def _subject(m: Measurement) -> str:
    name = {"auc": "AUC", "advantage": "Advantage"}.get(m.measure)
    if name is None:
        name = (
            f"Share found at {percent(float(m.measure.rsplit('_', 1)[1]))} false alarms"
        )
    if m.scope == "all":
        return name
    return f"{name} {'by' if m.which is None else 'of'} {m.scope}" + (
        "" if m.which is None else f" {m.which}"
    )


def _spread(m: Measurement) -> str:
    text = f"{m.value:.3f} ({m.low:.3f} to {m.high:.3f}"
    if m.null is not None:
        text += f"; by chance {m.null_low:.3f} to {m.null_high:.3f}"
    return text + ")"

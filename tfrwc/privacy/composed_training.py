"""The statement of several trainings on the same examples, made by `compose`."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, ClassVar

from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.sgd import sentences
from tfrwc.privacy.sgd.statement import TrainingStatement
from tfrwc.privacy.statement import (
    PrivacyStatement,
    check_parts,
    statement_from_dict,
    with_article,
)

if TYPE_CHECKING:
    from tfrwc.privacy.accounting.attacks import Attacks
    from tfrwc.privacy.accounting.release import Cost
    from tfrwc.privacy.accounting.sgd import Stage

_ALWAYS = (
    "These numbers are for the trainings that are listed here. Whatever else was made "
    "of the same data, and is not a function of these models, adds to them.",
)


@dataclass(frozen=True)
class ComposedTraining(PrivacyStatement):
    """What several trainings guarantee together to each example, or unit of several.

    Neighbouring data are those of `TrainingStatement`, for all trainings at once: what
    the one has and the other has not is missing from all of them.

    Attributes:
        parts: the statements, as plain data; see `statements`.
        epsilon, delta: of one example or unit, if batches are Poisson samples.
        method: how epsilon was computed.
        sampling: ``"poisson"`` if all trainings drew Poisson samples; else ``"fixed"``.
        epsilon_without_sampling: with the same delta, with no help from the order of
            fixed batches.
        images_per_patient: that the patient's number is for; 1 where the unit is not
            the image.
        patient_epsilon: of all images of a patient together.
        not_promised: sentences.
        rests_on: sentences.
        unit: what epsilon is for one of.
    """

    kind: ClassVar[str] = "trainings"

    parts: tuple[dict[str, object], ...]
    epsilon: float
    delta: float
    method: str
    sampling: str
    epsilon_without_sampling: float
    images_per_patient: int
    patient_epsilon: float
    not_promised: tuple[str, ...]
    rests_on: tuple[str, ...] = ()
    unit: str = "image"

    def __post_init__(self) -> None:
        check_parts(self.parts)
        self.statements  # noqa: B018 (parts that are no trainings are refused)

    @property
    def statements(self) -> tuple[TrainingStatement, ...]:
        """The statements that are composed.

        Raises:
            ValueError: if a part is not the statement of a training.
        """
        statements = []
        for part in self.parts:
            statement = statement_from_dict(part)
            if not isinstance(statement, TrainingStatement):
                raise ValueError(
                    "Trainings are composed of statements of trainings. Received: one "
                    f"of the kind {statement.kind!r}."
                )
            statements.append(statement)
        return tuple(statements)

    @property
    def guarantee(self) -> EpsilonDelta:
        """Epsilon and delta of one example or unit, there or not."""
        return EpsilonDelta(self.epsilon, self.delta)

    def guarantee_of(self, images: int) -> EpsilonDelta:
        """Epsilon and delta of some of the `unit` together, there or not."""
        cost = _cost(self.statements, images, self.delta)
        return EpsilonDelta(max(cost.epsilon, self.epsilon), self.delta)

    def attacks(self, images: int = 1) -> "Attacks":
        """What the best attack on all models can do, that tells whether some of the
        `unit` were there or not.

        Args:
            images: how many together.
        """
        from tfrwc.privacy.accounting.attacks import of_training

        stages, known = _account(self.statements, images)
        return of_training(stages, images, known)

    def attacks_on_members(self, images: int = 1) -> "Attacks":
        """What the best attack can do that tells members from others in their place."""
        return self.attacks(images).replaced()

    def explain(self) -> str:
        """The statement as text for a hospital's data officer."""
        unit, one = self.unit, with_article(self.unit)
        lines = [
            f"These are {len(self.parts)} trainings on data of the same {unit}s, whose "
            "models can be put together. Each by itself:",
            *(
                f"{i}. {part.steps:,} steps on {part.train_size:,} {unit}s: "
                f"{part.summary()}."
                for i, part in enumerate(self.statements, 1)
            ),
            f"Together, for whoever has all models, and for two data sets of which one "
            f"has {one} more, in all of these trainings:",
        ]
        if math.isinf(self.epsilon):
            return "\n\n".join([*lines, f"There is no guarantee: nothing hides {one}."])
        lines.append(
            f"One {unit}: epsilon = {self.epsilon:.4g} but for a probability of "
            f"{self.delta:.2g}. {sentences.of_best_attack(self.attacks(), one)}"
        )
        if self.sampling == "fixed":
            lines.append(sentences.of_fixed_batches(self.epsilon_without_sampling))
        if (images := self.images_per_patient) > 1:
            attacks = self.attacks(images)
            lines.append(sentences.of_patient(images, self.patient_epsilon, attacks))
        if self.rests_on:
            lines.append("This rests on: " + " ".join(self.rests_on))
        lines.append("Not promised: " + " ".join(self.not_promised))
        return "\n\n".join(lines)


def composed_training(
    trainings: Sequence[TrainingStatement], delta: float | None
) -> ComposedTraining:
    """The statement of trainings with the same unit.

    Args:
        trainings: one or more.
        delta: as of `tfrwc.privacy.compose`.
    """
    whole = delta or min(math.fsum(one.delta for one in trainings), 1 - 2.0**-53)
    images = max(one.images_per_patient for one in trainings)
    costs = {
        "one": _cost(trainings, 1, whole),
        "patient": _cost(trainings, images, whole),
        "unsampled": _cost(trainings, 1, whole, sampling=False),
    }
    epsilons = {name: cost.epsilon for name, cost in costs.items()}
    if delta is None:  # then no epsilon is below that of a part
        for one in trainings:
            stated = {
                "one": one.epsilon,
                "patient": one.guarantee_of(images).epsilon,
                "unsampled": _unsampled(one).epsilon,
            }
            epsilons = {name: max(epsilons[name], stated[name]) for name in epsilons}
    return ComposedTraining(
        parts=tuple(one.to_dict() for one in trainings),
        epsilon=epsilons["one"],
        delta=whole,
        method=costs["one"].method,
        sampling=_sampling(trainings),
        epsilon_without_sampling=epsilons["unsampled"],
        images_per_patient=images,
        patient_epsilon=epsilons["patient"],
        not_promised=_once([_ALWAYS, *(one.not_promised for one in trainings)]),
        rests_on=_once(one.rests_on for one in trainings),
        unit=trainings[0].unit,
    )


def _cost(
    trainings: Sequence[TrainingStatement],
    images: int,
    delta: float,
    sampling: bool = True,
) -> "Cost":
    from tfrwc.privacy.accounting import sgd
    from tfrwc.privacy.accounting.release import BASIC, Cost

    stages, known = _account(trainings, images, sampling)
    cost = sgd.composed(stages, delta, images, known, finely=True)
    if not known:
        return cost
    each = [_guarantee(one, images, sampling) for one in trainings]
    if math.fsum(one.delta for one in each) > delta:
        return cost
    return min(cost, Cost(math.fsum(one.epsilon for one in each), BASIC))


def _account(
    trainings: Sequence[TrainingStatement], images: int, sampling: bool = True
) -> "tuple[list[Stage], list[EpsilonDelta]]":
    """The stages of the trainings, and the guarantees of those of which no more is
    known, for a number of images."""
    stages: list[Stage] = []
    known = []
    for one in trainings:
        steps = one.accounted(sampling)
        if steps is None:
            known.append(_guarantee(one, images, sampling))
        else:
            stages += steps
    return stages, known


def _guarantee(one: TrainingStatement, images: int, sampling: bool) -> EpsilonDelta:
    return one.guarantee_of(images) if sampling else _unsampled(one)


def _unsampled(one: TrainingStatement) -> EpsilonDelta:
    is_sampled = one.sampling == "poisson"
    epsilon = one.epsilon if is_sampled else one.epsilon_without_sampling
    return EpsilonDelta(epsilon, one.delta)


def _sampling(trainings: Sequence[TrainingStatement]) -> str:
    is_fixed = any(one.sampling == "fixed" for one in trainings)
    return "fixed" if is_fixed else "poisson"


def _once(texts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Every sentence, in its order, and none twice."""
    return tuple(dict.fromkeys(chain.from_iterable(texts)))

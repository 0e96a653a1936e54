"""The statement of several releases of the same images, made by `compose`."""

import math
from dataclasses import dataclass
from typing import ClassVar

from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.release.statement import Statement
from tfrwc.privacy.statement import (
    PrivacyStatement,
    check_parts,
    statement_from_dict,
)


@dataclass(frozen=True)
class ComposedStatement(PrivacyStatement):
    """What several releases of the same images guarantee together.

    Epsilons are those of `Statement`: for replacing a value, an image or the images of
    a patient by any others, in all releases at once.

    Attributes:
        parts: the statements, as plain data; see `statements`.
        per_value_epsilon: pure epsilon of one value; `math.inf` where the releases have
            images of several shapes.
        per_value_epsilon_delta: of one value, with `delta`.
        image_epsilon: pure epsilon of a whole image.
        image_epsilon_delta: of a whole image, with `delta`.
        images_per_patient: that the patient's numbers are for.
        patient_epsilon: pure epsilon of all images of a patient.
        patient_epsilon_delta: of all images of a patient, with `delta`.
        method: how the epsilons with delta were computed, from value to patient.
        numerical_delta: sum of those of the parts.
        labels_covered: whether labels are private in every part.
        not_promised: sentences.
        adjacency: what value, image and patient mean.
        image_epsilon_without_sampling: as image_epsilon_delta, with no help from the
            order of the fixed batches of a training; None where there were none.
    """

    kind: ClassVar[str] = "composed"

    parts: tuple[dict[str, object], ...]
    per_value_epsilon: float
    per_value_epsilon_delta: EpsilonDelta
    image_epsilon: float
    image_epsilon_delta: EpsilonDelta
    images_per_patient: int
    patient_epsilon: float
    patient_epsilon_delta: EpsilonDelta
    method: tuple[str, str, str]
    numerical_delta: float
    labels_covered: bool
    not_promised: tuple[str, ...]
    adjacency: dict[str, str]
    image_epsilon_without_sampling: float | None = None

    def __post_init__(self) -> None:
        check_parts(self.parts)
        self.statements  # noqa: B018 (parts that are no statements are refused)

    @property
    def statements(self) -> tuple[PrivacyStatement, ...]:
        """The statements that are composed.

        Raises:
            ValueError: if a part is not a statement.
        """
        return tuple(statement_from_dict(part) for part in self.parts)

    @property
    def guarantee(self) -> EpsilonDelta:
        """Epsilon and delta of one image, replaced by any other."""
        return self.image_epsilon_delta

    def explain(self) -> str:
        """The statement as text for a hospital's data officer."""
        lines = [
            f"These are {len(self.parts)} uses of the same images, whose results can "
            "be put together. Each by itself:",
            *(
                f"{i}. {_title(statement)}: {statement.summary()}."
                for i, statement in enumerate(self.statements, 1)
            ),
            "Together, for whoever has all of them:",
            f"One value of an image ({self.adjacency['value']}): "
            f"{_words(self.per_value_epsilon, self.per_value_epsilon_delta)}.",
            f"A whole image ({self.adjacency['image']}): "
            f"{_words(self.image_epsilon, self.image_epsilon_delta)}.",
            f"A patient with {self.images_per_patient} "
            f"image{'s' if self.images_per_patient > 1 else ''} "
            f"({self.adjacency['patient']}): "
            f"{_words(self.patient_epsilon, self.patient_epsilon_delta)}.",
            "An epsilon bounds what they tell: whatever somebody concludes from them "
            "is at most e^epsilon times as likely as if the image had been another "
            "one. 0 tells nothing; above 10 it hides nothing.",
            "Not promised: " + " ".join(self.not_promised),
        ]
        return "\n\n".join(lines)


def _title(statement: PrivacyStatement) -> str:
    if not isinstance(statement, Statement):
        return "A model trained on them"
    size = " x ".join(map(str, statement.image_shape))
    parameters = ", ".join(f"{k} = {v:g}" for k, v in statement.parameters.items())
    return f"Images of {size}, released by {statement.mechanism} ({parameters})"


def _words(pure: float, approximate: EpsilonDelta) -> str:
    parts = []
    if math.isfinite(pure):
        parts.append(f"epsilon = {pure:,.4g} without exception")
    if math.isfinite(approximate.epsilon):
        parts.append(
            f"epsilon = {approximate.epsilon:,.4g} but for a probability of "
            f"{approximate.delta:.3g}"
        )
    return ", and ".join(parts) or "no guarantee at all"

"""The privacy statement that goes with a private data set.

It says of what the numbers speak: which two data sets are to look alike, how many
values an image has, between what bounds, and what is not covered. As data
(`Statement`), as JSON (`to_json`), and as text for a data officer (`explain`).

>>> from tfrwc.privacy import PixelLaplace
>>> statement = PixelLaplace(scale=51.0).statement((4, 5), images_per_patient=2)
>>> statement.per_value_epsilon, statement.image_epsilon, statement.patient_epsilon
(5.0, 100.0, 200.0)
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from tfrwc._common.percent import percent
from tfrwc.privacy.guarantee import EpsilonDelta
from tfrwc.privacy.release.limits import attacks_on_image
from tfrwc.privacy.statement import PrivacyStatement

if TYPE_CHECKING:
    from tfrwc.privacy.accounting.attacks import Attacks

ADJACENCY = {
    "value": "two images that differ in one value, by any amount",
    "image": "any two images of this shape",
    "patient": "all images of a patient, replaced by any others of this shape",
}


@dataclass(frozen=True)
class Statement(PrivacyStatement):
    """What a mechanism guarantees for images of one shape.

    All epsilons are natural logarithms of ratios of probabilities; `math.inf` means
    that there is no such guarantee. Each is for replacing what `adjacency` names by
    something else, with the rest of the data set unchanged.

    Attributes:
        mechanism: its name.
        parameters: its parameters.
        image_shape: (height, width) or (height, width, channels).
        values_per_image: N, height times width times channels.
        bounds: least and greatest value before the noise, which all others were moved
            to.
        per_value_epsilon: pure epsilon of one value.
        per_value_epsilon_delta: of one value, with `delta`.
        image_epsilon: pure epsilon of a whole image.
        image_epsilon_delta: of a whole image, with `delta`.
        images_per_patient: that the patient's numbers are for.
        patient_epsilon: pure epsilon of all images of a patient.
        patient_epsilon_delta: of all images of a patient, with `delta`.
        method: how the epsilons with delta were computed, from value to patient.
        numerical_delta: bound on the distance (total variation) between the release
            of an image and one by the probabilities that the guarantees are for; 0
            where those are met exactly. (1 + e^epsilon) times that is to be added to
            the delta of an epsilon, also to the 0 of a pure one, and for a patient
            once for each image.
        labels_covered: whether labels are private.
        generator: where the noise comes from.
        not_promised: sentences.
        adjacency: what value, image and patient mean.
    """

    kind: ClassVar[str] = "release"

    mechanism: str
    parameters: dict[str, float]
    image_shape: tuple[int, ...]
    values_per_image: int
    bounds: tuple[float, float]
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
    generator: str
    not_promised: tuple[str, ...]
    adjacency: dict[str, str]

    def __post_init__(self) -> None:
        if math.prod(self.image_shape) != self.values_per_image:
            raise ValueError(
                f"Images of shape {self.image_shape} have not {self.values_per_image} "
                "values."
            )

    @property
    def guarantee(self) -> EpsilonDelta:
        """Epsilon and delta of one image, replaced by any other of the shape."""
        return self.image_epsilon_delta

    def epsilon_for_values(self, m: int) -> float:
        """Pure epsilon for two images that differ in m values, by any amount.

        Raises:
            ValueError: if m is not between 1 and the values of an image.
        """
        if not 1 <= m <= self.values_per_image:
            raise ValueError(
                f"m must be 1 to {self.values_per_image}, the values of an image. "
                f"Received: {m!r}."
            )
        if math.isinf(self.per_value_epsilon):
            return self.image_epsilon
        of_values = rounded_up(m * Fraction(self.per_value_epsilon))
        return min(of_values, self.image_epsilon)

    def attacks(self, images: int = 1) -> "Attacks":
        """What the best attack can do that tells images from others in their place.

        By the distribution of the noise, where the mechanism is one of this package;
        else by `guarantee`.

        Args:
            images: number of images that are replaced together.
        """
        exact = attacks_on_image(
            self.mechanism,
            self.parameters,
            self.image_shape,
            self.bounds,
            self.per_value_epsilon,
            images,
        )
        return exact or super().attacks(images)

    def explain(self) -> str:
        """The statement as text for a hospital's data officer."""
        size = " x ".join(map(str, self.image_shape))
        parameters = ", ".join(f"{k} = {v:g}" for k, v in self.parameters.items())
        lines = [
            f"These images of {size}, with values in {self.bounds[0]:g} to "
            f"{self.bounds[1]:g}, were released by {self.mechanism} ({parameters}). "
            f"Each has {self.values_per_image:,} values.",
            "An epsilon bounds what a released image tells: whatever somebody "
            "concludes from it is at most e^epsilon times as likely as if the image "
            "had been another one. 0 tells nothing; above 10 it hides nothing.",
            f"One value of an image ({ADJACENCY['value']}): "
            f"{_guarantee(self.per_value_epsilon, self.per_value_epsilon_delta)}.",
            f"A whole image ({ADJACENCY['image']}): "
            f"{_guarantee(self.image_epsilon, self.image_epsilon_delta)}. "
            f"{self._meaning()}",
            f"A patient with {self.images_per_patient} "
            f"image{'s' if self.images_per_patient > 1 else ''} "
            f"({ADJACENCY['patient']}): "
            f"{_guarantee(self.patient_epsilon, self.patient_epsilon_delta)}.",
            self._precision(),
            f"The noise is drawn by {self.generator}, once for an image; for whoever "
            "has the secret key nothing is private.",
            "Not promised: " + " ".join(self.not_promised),
        ]
        return "\n\n".join(lines)

    def _meaning(self) -> str:
        """What the best attacker can do, in a game with two known images."""
        if math.isinf(self.image_epsilon_delta.epsilon):
            return (
                "Whoever knows two candidate images can be able to tell with certainty "
                "which of them was released."
            )
        best = self.attacks().success
        if best > 0.9995:
            return (
                "That is far too much to protect the image as a whole: an attacker who "
                "knows two candidate images that differ in every value may tell which "
                "of them was released, practically always."
            )
        return (
            "An attacker who knows two candidate images, equally likely before, tells "
            f"which of them was released at best {percent(best)} of the time; guessing "
            "gives 50 %."
        )

    def _precision(self) -> str:
        """What the limited precision of computers adds."""
        if not self.numerical_delta:
            return (
                "The noise has exactly the probabilities that this is computed from: "
                "the limited precision of computers adds nothing."
            )
        added = [
            min(1.0, images * self.numerical_delta * (1 + _exponential(epsilon)))
            for images, epsilon in (
                (1, self.image_epsilon_delta.epsilon),
                (self.images_per_patient, self.patient_epsilon_delta.epsilon),
            )
        ]
        return (
            "The limited precision of computers adds to each of these a probability "
            f"of at most (1 + e^epsilon) times {self.numerical_delta:.1g} for each "
            f"image: with the epsilons that allow a delta, {added[0]:.1g} for an image "
            f"and {added[1]:.1g} for a patient."
        )


def rounded_up(number: Fraction | float) -> float:
    """The least float that is not below a number."""
    if isinstance(number, float):
        return number
    nearest = float(number)
    return nearest if nearest >= number else math.nextafter(nearest, math.inf)


def _exponential(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def _number(epsilon: float) -> str:
    if epsilon < 1e-4:
        return "less than 0.0001"
    return f"{epsilon:,.0f}" if epsilon >= 1000 else f"{epsilon:.4g}"


def _guarantee(pure: float, approximate: EpsilonDelta) -> str:
    parts = []
    if math.isfinite(pure):
        parts.append(f"epsilon = {_number(pure)} without exception")
    if approximate.epsilon < 0.99 * pure:
        parts.append(
            f"epsilon = {_number(approximate.epsilon)} but for a probability of "
            f"{approximate.delta:g}"
        )
    return ", and ".join(parts) or "no guarantee at all"

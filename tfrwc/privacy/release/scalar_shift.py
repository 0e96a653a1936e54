"""One number added to a whole image, as published: no guarantee at all.

>>> from tfrwc.privacy import ScalarShift
>>> ScalarShift(epsilon=1.0).statement((8, 8)).image_epsilon
inf
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

from tfrwc.privacy.noise import Words, standard_laplace
from tfrwc.privacy.release.images import Floats, FullShape, Images
from tfrwc.privacy.release.mechanism import NoGuarantee
from tfrwc.privacy.release.registry import Factory, register


@dataclass(frozen=True)
class ScalarShift(NoGuarantee):
    """One Laplace number for the whole image: a shift of brightness.

    What the code released with arXiv:2005.13099 calls Local-DP: scale 255 / epsilon,
    added to every value, saturated to 0..255. For reproduction only. A full-range
    image turns blank with probability exp(-epsilon); any other outcome shows its
    contents.

    Args:
        epsilon: as published; it is no epsilon of an image.
        bounds: as of `Mechanism`; high - low is in the place of 255 with them.

    Raises:
        ValueError: if epsilon is not above 0.
    """

    epsilon: float
    _clips: ClassVar[bool] = True

    @classmethod
    def for_budget(
        cls, epsilon: float, per: str | None = None, **options: Any
    ) -> NoReturn:
        """Always refused: no number makes a shift of brightness private.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "ScalarShift has no guarantee per value, image or patient, whatever its "
            "number. Use PixelLaplace.for_budget or PixelGaussian.for_budget; to "
            "reproduce published results, ScalarShift(epsilon)."
        )

    def _words(self, shape: FullShape) -> int:
        return 1

    def _perturb(self, images: Images, words: Words) -> Floats:
        shift = standard_laplace(words) * (float(self._span) / self.epsilon)
        return images + shift[:, :, None, None]

    def _not_promised(self, shape: FullShape) -> tuple[str, ...]:
        return (
            "There is no guarantee for a value, an image or a patient: one and the "
            "same number is added to all values, so the differences between them, "
            "which are what an image shows, are released as they are. For the worst "
            "two images, any epsilon needs a delta of at least 1 - exp(-"
            f"{self.epsilon:g}) = {-math.expm1(-self.epsilon):.3g}.",
        )


def _with_epsilon(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> ScalarShift:
        return ScalarShift(epsilon)

    return make


register(
    ScalarShift,
    budgets={
        name: _with_epsilon(epsilon)
        for name, epsilon in (
            ("shift_0p25", 0.25),
            ("shift_0p5", 0.5),
            ("shift_1", 1.0),
        )
    },
    title="brightness shift",
    colour="#882255",
    marker="*",
    noise="one number per image, as published",
    guarantee="none; for reproduction",
    rank=60,
)

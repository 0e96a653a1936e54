"""Noise on the singular values of an image, as published: no guarantee for images.

>>> from tfrwc.privacy import DPSVD
>>> DPSVD(epsilon=0.1, k=8).statement((8, 8)).image_epsilon
inf
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tfrwc.privacy.noise import Words, standard_exponential, standard_normal
from tfrwc.privacy.release.images import Bounds, Floats, FullShape, Images
from tfrwc.privacy.release.mechanism import NoGuarantee
from tfrwc.privacy.release.registry import register


@dataclass(frozen=True)
class DPSVD(NoGuarantee):
    """The k largest singular values of each channel, with metric-private noise.

    The noise vector has a uniform direction and a length of Gamma(k, 1 / epsilon):
    epsilon-metric privacy of the singular values, that is epsilon times their
    Euclidean distance for two images with the same singular vectors (Fan 2019). The
    singular vectors are released as they are, so images and values have no guarantee.

    Args:
        epsilon: per unit of distance between vectors of singular values.
        k: how many singular values are released.
        bounds: as of `Mechanism`; the singular values are those of what is above low.

    Raises:
        ValueError: if an argument is not above 0, or, from `privatize`, if an image
            has fewer than k rows or columns.
    """

    epsilon: float
    k: int

    @classmethod
    def for_budget(
        cls,
        epsilon: float,
        per: str | None = None,
        *,
        k: int,
        bounds: Bounds | None = None,
    ) -> "DPSVD":
        """Make the mechanism for a budget, which can only be ``per="distance"``.

        Args:
            epsilon: per unit of distance, as of the class.
            per: ``"distance"``.
            k: how many singular values are released.
            bounds: as of the class.

        Raises:
            ValueError: for any other budget.
        """
        if per != "distance":
            raise ValueError(
                "DPSVD has no guarantee per value, image or patient, only per unit of "
                'distance between singular values: per="distance". Received: '
                f"per={per!r}. Use PixelLaplace or PixelGaussian."
            )
        return cls(epsilon, k, bounds=bounds)

    def _words(self, shape: FullShape) -> int:
        return (self.k + self._normals()) * shape[2]

    def _normals(self) -> int:
        return 2 * math.ceil(self.k / 2)  # normal noise comes in pairs

    def _perturb(self, images: Images, words: Words) -> Floats:
        n, height, width, channels = images.shape
        if self.k > min(height, width):
            raise ValueError(
                f"An image of {height} x {width} has {min(height, width)} singular "
                f"values, fewer than k = {self.k}."
            )
        u, s, vt = np.linalg.svd(
            np.moveaxis(images, -1, 1).astype(np.float64), full_matrices=False
        )
        words = words.reshape(n, channels, -1)
        for_length, for_direction = np.split(words, [self.k], axis=-1)
        length = standard_exponential(for_length).sum(-1, keepdims=True) / self.epsilon
        direction = standard_normal(for_direction)[..., : self.k]
        direction /= np.linalg.norm(direction, axis=-1, keepdims=True)
        noisy = s[..., : self.k] + length * direction
        image = (u[..., : self.k] * noisy[..., None, :]) @ vt[..., : self.k, :]
        return np.moveaxis(image, 1, -1)

    def _not_promised(self, shape: FullShape) -> tuple[str, ...]:
        return (
            "There is no guarantee for a value, an image or a patient: the singular "
            "vectors of each image are released as they are, and show its contents. "
            f"Only the {self.k} singular values are noised, with epsilon "
            f"{self.epsilon:g} times the distance between two such vectors of values.",
        )


def _of_rank_16(shape: Sequence[int]) -> DPSVD:
    return DPSVD(epsilon=0.1, k=min(16, *shape[:2]))


register(
    DPSVD,
    budgets={"dpsvd_0p1": _of_rank_16},
    title="DP-SVD",
    colour="#999933",
    marker="P",
    noise="on singular values",
    guarantee="none for an image; metric privacy of the values",
    rank=50,
)

"""Published mechanisms that guarantee nothing for an image, for comparison."""

import math
from dataclasses import dataclass

import numpy as np

from tfrwc.privacy._checks import TOP
from tfrwc.privacy.noise import (
    standard_exponential,
    standard_laplace,
    standard_normal,
)
from tfrwc.privacy.release.mechanism import NoGuarantee


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

    Raises:
        ValueError: if an argument is not above 0, or, from `privatize`, if an image
            has fewer than k rows or columns.
    """

    epsilon: float
    k: int

    @classmethod
    def for_budget(cls, epsilon, per=None, *, k):
        """The mechanism for a budget, which can only be ``per="distance"``.

        Raises:
            ValueError: for another budget.
        """
        if per != "distance":
            raise ValueError(
                "DPSVD has no guarantee per value, image or patient, only per unit of "
                'distance between singular values: per="distance". Received: '
                f"per={per!r}. Use PixelLaplace or PixelGaussian."
            )
        return cls(epsilon, k)

    def _words(self, shape):
        return (self.k + self._normals()) * shape[2]

    def _normals(self):
        return 2 * math.ceil(self.k / 2)  # normal noise comes in pairs

    def _perturb(self, images, words):
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

    def _not_promised(self, shape):
        return (
            "There is no guarantee for a value, an image or a patient: the singular "
            "vectors of each image are released as they are, and show its contents. "
            f"Only the {self.k} singular values are noised, with epsilon "
            f"{self.epsilon:g} times the distance between two such vectors of values.",
        )


@dataclass(frozen=True)
class ScalarShift(NoGuarantee):
    """One Laplace number for the whole image: a shift of brightness.

    What the code released with arXiv:2005.13099 calls Local-DP: scale 255 / epsilon,
    added to every value, saturated to 0..255. For reproduction only. A full-range
    image turns blank with probability exp(-epsilon); any other outcome shows its
    contents.

    Args:
        epsilon: as published; it is no epsilon of an image.

    Raises:
        ValueError: if epsilon is not above 0.
    """

    epsilon: float
    _clips = True

    @classmethod
    def for_budget(cls, epsilon, per=None, **options):
        """Always refused: no number makes a shift of brightness private.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "ScalarShift has no guarantee per value, image or patient, whatever its "
            "number. Use PixelLaplace.for_budget or PixelGaussian.for_budget; to "
            "reproduce published results, ScalarShift(epsilon)."
        )

    def _words(self, shape):
        return 1

    def _perturb(self, images, words):
        shift = standard_laplace(words) * (TOP / self.epsilon)
        return images + shift[:, :, None, None]

    def _not_promised(self, shape):
        return (
            "There is no guarantee for a value, an image or a patient: one and the "
            "same number is added to all values, so the differences between them, "
            "which are what an image shows, are released as they are. For the worst "
            "two images, any epsilon needs a delta of at least 1 - exp(-"
            f"{self.epsilon:g}) = {-math.expm1(-self.epsilon):.3g}.",
        )

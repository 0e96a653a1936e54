"""Mechanisms that release images with noise, and what each guarantees.

>>> import numpy as np
>>> from tfrwc.privacy import PixelLaplace, new_key
>>> images = np.zeros((2, 8, 8), np.uint8)
>>> mechanism = PixelLaplace.for_budget(1.0, per="value")
>>> mechanism.scale
255.0
>>> mechanism.privatize(images, key=new_key()).shape
(2, 8, 8)
>>> mechanism.statement((8, 8)).image_epsilon
64.0

Published in "Benchmarking Differentially Private Residual Networks for Medical
Imagery" (arXiv:2005.13099) and the work it cites. Clipping, rounding, resizing or
replicating the released images costs nothing; resizing before lowers N honestly.
"""

import math
from dataclasses import dataclass

import numpy as np

from tfrwc.privacy import accounting
from tfrwc.privacy._mechanism import TOP, Mechanism, NoGuarantee, budget
from tfrwc.privacy.noise import (
    standard_exponential,
    standard_laplace,
    standard_normal,
    uniform,
)


@dataclass(frozen=True)
class PixelLaplace(Mechanism):
    """Independent Laplace noise on every value.

    Pure epsilon 255 / scale per value and N times that for any two images; with a
    delta, the N mechanisms composed by their privacy loss distributions.

    Args:
        scale: b of the Laplace distribution, in grey levels.

    Raises:
        ValueError: if scale is not above 0.
    """

    scale: float

    @classmethod
    def for_budget(
        cls, epsilon, per=None, *, shape=None, delta=None, images_per_patient=None
    ):
        """The mechanism with the least noise for a budget.

        Args:
            epsilon: the budget.
            per: ``"value"``, ``"image"`` or ``"patient"``.
            shape: of an image, for the last two.
            delta: None for a pure budget.
            images_per_patient: the greatest number, for ``"patient"``.

        Raises:
            ValueError: if the budget does not say what it is for.
        """
        full, images = budget(
            epsilon,
            per,
            shape,
            delta,
            images_per_patient,
            ("value", "image", "patient"),
        )
        count = images * math.prod(full) if full else 1
        pure = TOP * count / epsilon
        if delta is None:
            return cls(pure)

        def cost(scale):
            return accounting.laplace([(TOP / scale, count)], delta).epsilon

        return cls(accounting.smallest_noise(cost, epsilon, pure))

    def _perturb(self, images, words):
        noise = standard_laplace(words)
        noise *= self.scale
        return _add(noise, images)

    def _value_epsilon(self, shape):
        return TOP / self.scale

    def _image_epsilon(self, shape):
        return math.prod(shape) * TOP / self.scale

    def _value_cost(self, shape, delta):
        return accounting.laplace([(TOP / self.scale, 1)], delta)

    def _images_cost(self, shape, delta, images):
        count = images * math.prod(shape)
        return accounting.laplace([(TOP / self.scale, count)], delta)

    def _noise_scale(self):
        return self.scale


@dataclass(frozen=True)
class PixelGaussian(Mechanism):
    """Independent normal noise on every value.

    Each image is a record of tensorflow-privacy's `GaussianSumQuery`, clipped to the
    L2 norm 255 sqrt(N) and summed with nothing else. Two images are at most
    255 sqrt(N) apart; the epsilon for a delta is exact (Balle and Wang, ICML 2018).
    No pure epsilon.

    Args:
        sigma: standard deviation, in grey levels.

    Raises:
        ValueError: if sigma is not above 0.
        ImportError: from `privatize`, without tensorflow-privacy.
    """

    sigma: float

    @classmethod
    def for_budget(
        cls, epsilon, per=None, *, delta, shape=None, images_per_patient=None
    ):
        """The mechanism with the least noise for a budget.

        Args: as of `PixelLaplace.for_budget`; delta is needed.

        Raises:
            ValueError: if the budget does not say what it is for.
        """
        if delta is None:
            raise ValueError(
                "Normal noise has no pure guarantee: give a delta, or use PixelLaplace."
            )
        full, images = budget(
            epsilon,
            per,
            shape,
            delta,
            images_per_patient,
            ("value", "image", "patient"),
        )
        distance = TOP * math.sqrt(images * math.prod(full) if full else 1)
        enough = distance * (1 + math.sqrt(2 * math.log(2 / delta))) / min(epsilon, 1)

        def cost(sigma):
            return accounting.gaussian(distance, sigma, delta).epsilon

        return cls(accounting.smallest_noise(cost, epsilon, enough))

    def _words(self, shape):
        return 2 * math.ceil(math.prod(shape) / 2)  # normal noise comes in pairs

    def _prepare(self, images):
        # TensorFlow is loaded here and in _perturb, and nowhere else.
        from tfrwc.compat.tensorflow_privacy import clipped_sums

        flat = images.reshape(len(images), -1)
        return clipped_sums(flat, _clip(images)).reshape(images.shape)

    def _perturb(self, images, words):
        from tfrwc.compat.tensorflow_privacy import KeyedGaussianSumQuery

        def noise():
            count = math.prod(images.shape[1:])
            return standard_normal(words)[:, :count].reshape(images.shape)

        query = KeyedGaussianSumQuery(_clip(images), self.sigma, noise)
        # Its state would be made of tensors, and nothing here reads it.
        released, _, _ = query.get_noised_result(images, global_state=None)
        return released

    def _value_epsilon(self, shape):
        return math.inf

    def _image_epsilon(self, shape):
        return math.inf

    def _value_cost(self, shape, delta):
        return accounting.gaussian(TOP, self.sigma, delta)

    def _images_cost(self, shape, delta, images):
        distance = TOP * math.sqrt(images * math.prod(shape))
        return accounting.gaussian(distance, self.sigma, delta)

    def _not_promised(self, shape):
        return ("There is no epsilon without a delta.",)

    def _noise_scale(self):
        return self.sigma


@dataclass(frozen=True)
class DPPix(Mechanism):
    """Pixelisation with Laplace noise (Fan, DBSec 2018).

    The mean of each cell x cell block gets Laplace noise of scale
    255 m / (cell² epsilon) and is clipped to 0..255. Blocks cut by the edge have
    fewer values, hence more noise.

    Args:
        epsilon: pure epsilon for m changed values.
        cell: side of a block, in pixels.
        m: how many values the guarantee is for.

    Raises:
        ValueError: if an argument is not above 0, or cell or m not whole.
    """

    epsilon: float
    cell: int
    m: int

    @classmethod
    def for_budget(
        cls,
        epsilon,
        per=None,
        *,
        cell,
        m=1,
        shape=None,
        delta=None,
        images_per_patient=None,
    ):
        """The mechanism with the least noise for a budget.

        Args: as of `PixelLaplace.for_budget`; cell and m as of the class.

        Raises:
            ValueError: if the budget does not say what it is for.
        """
        full, images = budget(
            epsilon,
            per,
            shape,
            delta,
            images_per_patient,
            ("value", "image", "patient"),
        )
        count = images * math.prod(full) if full else 1
        if delta is None:
            return cls(epsilon * m / count, cell, m)

        def cost(inverse):
            mechanism = cls(1 / inverse, cell, m)
            if full is None:
                return mechanism._value_cost(full, delta).epsilon
            return mechanism._images_cost(full, delta, images).epsilon

        enough = count / (epsilon * m)
        return cls(1 / accounting.smallest_noise(cost, epsilon, enough), cell, m)

    def _words(self, shape):
        height, width, channels = shape
        return math.ceil(height / self.cell) * math.ceil(width / self.cell) * channels

    def _perturb(self, images, words):
        height, width = images.shape[1:3]
        rows, columns = (range(0, side, self.cell) for side in (height, width))
        sums = np.add.reduceat(images.astype(np.float64), rows, axis=1)
        sums = np.add.reduceat(sums, columns, axis=2)
        sizes = self._cell_sizes(height, width)[None, :, :, None]
        noise = standard_laplace(words).reshape(sums.shape)
        means = sums / sizes + noise * (TOP * self.m / (sizes * self.epsilon))
        means = np.clip(means, 0, TOP)
        tall = np.repeat(means, self.cell, axis=1)[:, :height]
        return np.repeat(tall, self.cell, axis=2)[:, :, :width]

    def _cell_sizes(self, height, width):
        down, across = (
            np.diff([*range(0, side, self.cell), side]) for side in (height, width)
        )
        return np.outer(down, across)

    def _value_epsilon(self, shape):
        return self.epsilon / self.m

    def _image_epsilon(self, shape):
        # A mean changes by 255 at most, which costs the epsilon of all its values.
        return math.prod(shape) * self.epsilon / self.m

    def _value_cost(self, shape, delta):
        return accounting.laplace([(self.epsilon / self.m, 1)], delta)

    def _images_cost(self, shape, delta, images):
        sizes, counts = np.unique(self._cell_sizes(*shape[:2]), return_counts=True)
        parts = [
            (size * self.epsilon / self.m, int(count) * shape[2] * images)
            for size, count in zip(sizes.tolist(), counts, strict=True)
        ]
        return accounting.laplace(parts, delta)

    def _noise_scale(self):
        return TOP * self.m / self.epsilon


@dataclass(frozen=True)
class RandomizedResponse(Mechanism):
    """Each value, rounded to one of some levels, kept or replaced by another one.

    A level is kept with probability e^epsilon / (e^epsilon + levels - 1), otherwise
    each other one is as likely (Warner 1965; Kairouz et al., ICML 2016).

    Args:
        epsilon: pure epsilon of one value.
        levels: number of grey levels, evenly spaced from 0 to 255; 2 or more.

    Raises:
        ValueError: if an argument is not as above.
    """

    epsilon: float
    levels: int

    def __post_init__(self):
        super().__post_init__()
        if not 2 <= self.levels <= 256:
            raise ValueError(f"levels must be 2 to 256. Received: {self.levels}.")

    @classmethod
    def for_budget(
        cls,
        epsilon,
        per=None,
        *,
        levels,
        shape=None,
        delta=None,
        images_per_patient=None,
    ):
        """The mechanism with the least noise for a budget.

        Args: as of `PixelLaplace.for_budget`; levels as of the class.

        Raises:
            ValueError: if the budget does not say what it is for.
        """
        full, images = budget(
            epsilon,
            per,
            shape,
            delta,
            images_per_patient,
            ("value", "image", "patient"),
        )
        count = images * math.prod(full) if full else 1
        if delta is None:
            return cls(epsilon / count, levels)

        def cost(inverse):
            return accounting.randomized_response(
                1 / inverse, levels, count, delta
            ).epsilon

        return cls(
            1 / accounting.smallest_noise(cost, epsilon, count / epsilon), levels
        )

    def _perturb(self, images, words):
        top = self.levels - 1
        level = np.rint(images * (top / TOP)).astype(np.int64)
        u = uniform(words).reshape(images.shape)
        kept = 1 / (1 + top * math.exp(-self.epsilon))
        # What is left of u above `kept` says which of the other levels it becomes.
        rest = max(1 - kept, 2.0**-53)  # it may round to 0
        other = np.minimum((u - kept) / rest * top, top - 1).astype(np.int64)
        other += other >= level
        return np.where(u < kept, level, other) * (TOP / top)

    def _value_epsilon(self, shape):
        return self.epsilon

    def _image_epsilon(self, shape):
        return math.prod(shape) * self.epsilon

    def _value_cost(self, shape, delta):
        return accounting.randomized_response(self.epsilon, self.levels, 1, delta)

    def _images_cost(self, shape, delta, images):
        count = images * math.prod(shape)
        return accounting.randomized_response(self.epsilon, self.levels, count, delta)

    def _numerical_delta(self):
        return 2.0**-52


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
        return np.clip(images + shift[:, :, None, None], 0, TOP)

    def _not_promised(self, shape):
        return (
            "There is no guarantee for a value, an image or a patient: one and the "
            "same number is added to all values, so the differences between them, "
            "which are what an image shows, are released as they are. For the worst "
            "two images, any epsilon needs a delta of at least 1 - exp(-"
            f"{self.epsilon:g}) = {-math.expm1(-self.epsilon):.3g}.",
        )

    def _noise_scale(self):
        return TOP / self.epsilon


def _clip(images):
    """The L2 norm that no image in 0..255 exceeds."""
    return TOP * math.sqrt(math.prod(images.shape[1:]))


def _add(noise, images):
    noise = noise.reshape(images.shape)
    noise += images
    return noise

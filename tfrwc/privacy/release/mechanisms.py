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

from tfrwc.privacy._checks import TOP
from tfrwc.privacy.accounting import release
from tfrwc.privacy.noise import standard_laplace, standard_normal, uniform
from tfrwc.privacy.release.mechanism import Guaranteed
from tfrwc.privacy.release.unprotected import DPSVD, ScalarShift

__all__ = [
    "DPSVD",
    "DPPix",
    "PixelGaussian",
    "PixelLaplace",
    "RandomizedResponse",
    "ScalarShift",
]


@dataclass(frozen=True)
class PixelLaplace(Guaranteed):
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
    def _of_noise(cls, noise):
        return cls(scale=noise)

    def _perturb(self, images, words):
        noise = standard_laplace(words)
        noise *= self.scale
        return _add(noise, images)

    def _value_epsilon(self, shape):
        return TOP / self.scale

    def _image_epsilon(self, shape):
        return math.prod(shape) * TOP / self.scale

    def _value_cost(self, shape, delta):
        return release.laplace([(TOP / self.scale, 1)], delta)

    def _images_cost(self, shape, delta, images):
        count = images * math.prod(shape)
        return release.laplace([(TOP / self.scale, count)], delta)

    def _noise_scale(self):
        return self.scale


@dataclass(frozen=True)
class PixelGaussian(Guaranteed):
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
    def _of_noise(cls, noise):
        return cls(sigma=noise)

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
        return release.gaussian(TOP, self.sigma, delta)

    def _images_cost(self, shape, delta, images):
        distance = TOP * math.sqrt(images * math.prod(shape))
        return release.gaussian(distance, self.sigma, delta)

    def _not_promised(self, shape):
        return ("There is no epsilon without a delta.",)

    def _noise_scale(self):
        return self.sigma


@dataclass(frozen=True)
class DPPix(Guaranteed):
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
    _clips = True

    @classmethod
    def _of_noise(cls, noise, **parameters):
        return cls(epsilon=1 / noise, **parameters)

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
        return release.laplace([(self.epsilon / self.m, 1)], delta)

    def _images_cost(self, shape, delta, images):
        sizes, counts = np.unique(self._cell_sizes(*shape[:2]), return_counts=True)
        parts = [
            (size * self.epsilon / self.m, int(count) * shape[2] * images)
            for size, count in zip(sizes.tolist(), counts, strict=True)
        ]
        return release.laplace(parts, delta)

    def _noise_scale(self):
        return TOP * self.m / self.epsilon


@dataclass(frozen=True)
class RandomizedResponse(Guaranteed):
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
    def _of_noise(cls, noise, **parameters):
        return cls(epsilon=1 / noise, **parameters)

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
        return release.randomized_response(self.epsilon, self.levels, 1, delta)

    def _images_cost(self, shape, delta, images):
        count = images * math.prod(shape)
        return release.randomized_response(self.epsilon, self.levels, count, delta)

    def _numerical_delta(self):
        return 2.0**-52


def _clip(images):
    """The L2 norm that no image in 0..255 exceeds."""
    return TOP * math.sqrt(math.prod(images.shape[1:]))


def _add(noise, images):
    noise = noise.reshape(images.shape)
    noise += images
    return noise

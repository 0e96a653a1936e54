"""Laplace noise on every value of an image.

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

Clipping, rounding, resizing or replicating released images costs nothing; resizing
them before leaves fewer values, which cost less.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfrwc.privacy.accounting.release import Cost, laplace
from tfrwc.privacy.noise import Words, standard_laplace
from tfrwc.privacy.release.guaranteed import Guaranteed
from tfrwc.privacy.release.images import TOP, Floats, FullShape, Images
from tfrwc.privacy.release.registry import Factory, register


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
    def _with_noise(cls, noise: float, **parameters: Any) -> "PixelLaplace":
        return cls(scale=noise, **parameters)

    def _perturb(self, images: Images, words: Words) -> Floats:
        noise = standard_laplace(words)
        noise *= self.scale
        noise = noise.reshape(images.shape)
        noise += images
        return noise

    def _value_epsilon(self, shape: FullShape) -> float:
        return TOP / self.scale

    def _image_epsilon(self, shape: FullShape) -> float:
        return math.prod(shape) * TOP / self.scale

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return laplace([(TOP / self.scale, 1)], delta)

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        count = images * math.prod(shape)
        return laplace([(TOP / self.scale, count)], delta)

    def _noise_scale(self) -> float:
        return self.scale


def _for_value(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> PixelLaplace:
        return PixelLaplace.for_budget(epsilon, per="value")

    return make


register(
    PixelLaplace,
    budgets={f"laplace_value_{e}": _for_value(e) for e in (1, 4, 16)},
    colour="#0072B2",
    marker="s",
    noise="on each value",
    guarantee="pure, per value and image; with delta, by privacy loss distributions",
    rank=10,
)

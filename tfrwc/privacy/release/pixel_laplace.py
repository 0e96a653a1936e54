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
from fractions import Fraction
from functools import cached_property
from typing import Any

from tfrwc.privacy.accounting.mixed import Laplace, Part
from tfrwc.privacy.accounting.release import Cost, laplace
from tfrwc.privacy.exact.integers import LaplaceNumbers
from tfrwc.privacy.noise import Words
from tfrwc.privacy.release.grid import Grid, grid_for
from tfrwc.privacy.release.guaranteed import Guaranteed
from tfrwc.privacy.release.images import Floats, FullShape, Images
from tfrwc.privacy.release.registry import Factory, register
from tfrwc.privacy.release.statement import rounded_up


@dataclass(frozen=True)
class PixelLaplace(Guaranteed):
    """Independent Laplace noise on every value.

    Pure epsilon 255 / scale per value and N times that for any two images; with a
    delta, the N mechanisms composed by their privacy loss distributions. The noise is
    a whole number of steps of a grid, drawn from the discrete Laplace distribution
    exactly (Ghosh et al., STOC 2009), so that a computer's numbers cost nothing.

    Args:
        scale: b of the Laplace distribution, in grey levels.
        bounds: as of `Mechanism`; epsilon is (high - low) / scale with them.

    Raises:
        ValueError: if scale is not above 0.
    """

    scale: float

    @classmethod
    def _with_noise(cls, noise: float, **parameters: Any) -> "PixelLaplace":
        return cls(scale=noise, **parameters)

    def _grid(self) -> Grid:
        return grid_for(self._bounds, self.scale)

    @cached_property
    def _noise(self) -> LaplaceNumbers:
        grid = self._grid()
        return LaplaceNumbers(Fraction(self.scale) / Fraction(grid.step), grid.steps)

    def _words(self, shape: FullShape) -> int:
        return self._noise.words(math.prod(shape))

    def _perturb(self, images: Images, words: Words) -> Floats:
        return self._noise.added(images, words, self._grid().step)

    def _value_epsilon(self, shape: FullShape) -> Fraction:
        return self._span / Fraction(self.scale)

    def _image_epsilon(self, shape: FullShape) -> Fraction:
        return math.prod(shape) * self._value_epsilon(shape)

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return self._cost(1, delta)

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        return self._cost(images * math.prod(shape), delta)

    def _parts(self, shape: FullShape, images: int) -> list[Part]:
        return [self._noised(images * math.prod(shape))]

    def _cost(self, count: int, delta: float) -> Cost:
        return laplace([self._noised(count)], delta)

    def _noised(self, count: int) -> Laplace:
        """The noise on so many values."""
        epsilon = rounded_up(self._value_epsilon((1, 1, 1)))
        return Laplace(epsilon, count, self._grid().steps)

    def _numerical_delta(self) -> float:
        return 0.0


def _for_value(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> PixelLaplace:
        return PixelLaplace.for_budget(epsilon, per="value")

    return make


register(
    PixelLaplace,
    budgets={f"laplace_value_{e}": _for_value(e) for e in (1, 4, 16)},
    title="Laplace noise",
    colour="#0072B2",
    marker="s",
    noise="on each value",
    guarantee="pure, per value and image; with delta, by privacy loss distributions",
    rank=10,
)

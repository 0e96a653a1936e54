"""Laplace noise on the mean of each cell of an image.

>>> from tfrwc.privacy import DPPix
>>> DPPix(epsilon=2.0, cell=4, m=16).statement((8, 8)).image_epsilon
8.0
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

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
class DPPix(Guaranteed):
    """Pixelisation with Laplace noise (Fan, DBSec 2018).

    The mean of each cell x cell block gets Laplace noise of scale
    255 m / (cell² epsilon) and is clipped to 0..255. Blocks cut by the edge have
    fewer values, hence more noise. Sums of blocks are whole numbers of steps of a grid;
    they get discrete Laplace noise of scale 255 m / epsilon, exactly, before they are
    divided.

    Args:
        epsilon: pure epsilon for m changed values.
        cell: side of a block, in pixels.
        m: how many values the guarantee is for.
        bounds: as of `Mechanism`; high - low is in the place of 255 with them.

    Raises:
        ValueError: if an argument is not above 0, or cell or m not whole.
    """

    epsilon: float
    cell: int
    m: int
    _clips: ClassVar[bool] = True

    @classmethod
    def _with_noise(cls, noise: float, **parameters: Any) -> "DPPix":
        return cls(epsilon=1 / noise, **parameters)

    @property
    def _sum_scale(self) -> Fraction:
        """Scale of the noise of a cell's sum."""
        return self._span * self.m / Fraction(self.epsilon)

    def _grid(self) -> Grid:
        return grid_for(self._bounds, self._sum_scale)

    @cached_property
    def _noise(self) -> LaplaceNumbers:
        grid = self._grid()
        scale = self._sum_scale / Fraction(grid.step)
        return LaplaceNumbers(scale, grid.steps * self.cell**2)

    def _words(self, shape: FullShape) -> int:
        height, width, channels = shape
        cells = math.ceil(height / self.cell) * math.ceil(width / self.cell)
        return self._noise.words(cells * channels)

    def _perturb(self, images: Images, words: Words) -> Floats:
        height, width = images.shape[1:3]
        rows, columns = (range(0, side, self.cell) for side in (height, width))
        sums = np.add.reduceat(images.astype(np.float64), rows, axis=1)
        sums = np.add.reduceat(sums, columns, axis=2)
        means = self._noise.added(sums, words, self._grid().step)
        means /= self._cell_sizes(height, width)[None, :, :, None]
        tall = np.repeat(means, min(self.cell, height), axis=1)[:, :height]
        return np.repeat(tall, min(self.cell, width), axis=2)[:, :, :width]

    def _cell_sizes(self, height: int, width: int) -> npt.NDArray[np.int64]:
        down, across = (
            np.diff([*range(0, side, self.cell), side]) for side in (height, width)
        )
        return np.outer(down, across)

    def _value_epsilon(self, shape: FullShape) -> Fraction:
        return Fraction(self.epsilon) / self.m

    def _image_epsilon(self, shape: FullShape) -> Fraction:
        # A mean changes by 255 at most, which costs the epsilon of all its values.
        return math.prod(shape) * self._value_epsilon(shape)

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return laplace([self._cells(1, 1)], delta)

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        return laplace(self._cells_of(shape, images), delta)

    def _parts(self, shape: FullShape, images: int) -> list[Part]:
        return [*self._cells_of(shape, images)]

    def _cells_of(self, shape: FullShape, images: int) -> list[Laplace]:
        """The noise on the cells of so many images, of each size of a cell."""
        sizes, counts = np.unique(self._cell_sizes(*shape[:2]), return_counts=True)
        return [
            self._cells(size, int(count) * shape[2] * images)
            for size, count in zip(sizes.tolist(), counts, strict=True)
        ]

    def _cells(self, size: int, count: int) -> Laplace:
        """The noise on so many cells of this many values."""
        epsilon = rounded_up(size * self._value_epsilon((1, 1, 1)))
        return Laplace(epsilon, count, size * self._grid().steps)

    def _numerical_delta(self) -> float:
        return 0.0


def _with_epsilon(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> DPPix:
        return DPPix(epsilon=epsilon, cell=4, m=16)

    return make


register(
    DPPix,
    budgets={f"dppix_{e}": _with_epsilon(e) for e in (1, 4, 16)},
    title="DP-Pix",
    colour="#009E73",
    marker="v",
    noise="on the mean of each cell",
    guarantee="pure for `m` values",
    rank=30,
)

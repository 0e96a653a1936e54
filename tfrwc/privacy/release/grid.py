"""The grid that images are rounded to before the noise, and the noise is drawn on.

Values are counted in steps from the low bound, so that images and noise are whole
numbers and nothing is rounded after the noise. A step is a power of two: fine beside
the noise and beside the 256 levels of an image, and 1 for uint8 images and noise of
some levels or more.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc.privacy.release.images import TOP, Bounds, Images

FINENESS = 64
"""How many steps the noise has at least in its scale or standard deviation, unless that
is less than 2**-22 of the images' range."""

# Sums over a cell of images are exact in double precision up to so many steps, and
# noise in steps up to so many of these.
_MOST_STEPS, _MOST_NOISE = 2.0**28, 2.0**40


@dataclass(frozen=True)
class Grid:
    """Steps from a low bound up.

    Attributes:
        low: the low bound.
        step: a power of two.
        steps: how many there are up to the high bound.
    """

    low: float
    step: float
    steps: int

    def places(self, images: Images) -> npt.NDArray[Any]:
        """Whole numbers of steps, 0 to `steps`, nearest to the values of images.

        Values beyond the bounds are moved onto them, and NaN to the low one.
        """
        dtype = np.min_scalar_type(self.steps)
        with np.errstate(all="ignore"):  # a warning would depend on the values
            places = images.astype(np.float64)
            places -= self.low
            places /= self.step
            # These two take the number where there is a NaN.
            np.fmax(places, 0, out=places)
            np.fmin(places, self.steps, out=places)
            np.rint(places, out=places)
        return places.astype(dtype)

    def values(self, places: Images) -> Images:
        """Values above the low bound, of whole numbers of steps: exact."""
        return places if self.step == 1 else places * self.step


def grid_for(bounds: Bounds, noise: float | Fraction) -> Grid:
    """The grid for images between bounds.

    Args:
        bounds: low and high.
        noise: its scale, or its standard deviation.
    """
    low, high = bounds
    span = high - low
    step = max(
        min(float(noise) / FINENESS, span / TOP, 1.0),
        span / _MOST_STEPS,
        float(noise) / _MOST_NOISE,
    )
    step = 2.0 ** math.floor(math.log2(step))
    width = Fraction(high) - Fraction(low)
    return Grid(low, step, math.floor(width / Fraction(step)))

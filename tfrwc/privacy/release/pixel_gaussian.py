"""Normal noise on every value of an image.

>>> from tfrwc.privacy import PixelGaussian
>>> mechanism = PixelGaussian.for_budget(8.0, per="image", shape=(8, 8), delta=1e-5)
>>> f"{mechanism.statement((8, 8), delta=1e-5).image_epsilon_delta.epsilon:.2f}"
'8.00'
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from tfrwc.privacy.accounting.mixed import Normal, Part
from tfrwc.privacy.accounting.release import Cost, gaussian
from tfrwc.privacy.exact.integers import SMOOTHING, GaussianNumbers
from tfrwc.privacy.noise import Words
from tfrwc.privacy.release.grid import Grid, grid_for
from tfrwc.privacy.release.guaranteed import Guaranteed
from tfrwc.privacy.release.images import Floats, FullShape, Images
from tfrwc.privacy.release.registry import DELTA, Factory, register

_LEAST_PART = 2.0**-22  # of the images' range; the grid is too coarse for less
# Twice the logarithm of how far a probability is from what it is compared with.
_RATIO = 1e-17


@dataclass(frozen=True)
class PixelGaussian(Guaranteed):
    """Independent normal noise on every value.

    Each image is a record of tensorflow-privacy's `GaussianSumQuery`, summed with
    nothing else; within its bounds no image exceeds the L2 norm 255 sqrt(N) that the
    query clips to. Two images are at most 255 sqrt(N) apart. No pure epsilon.

    The noise is a whole number of steps of a grid, of a discrete Gaussian distribution
    (Canonne, Kamath and Steinke, NeurIPS 2020), drawn exactly. Its epsilon for a delta
    is that of real normal noise (Balle and Wang, ICML 2018) of a sigma up to 0.03 %
    less, which is proved so: real normal noise of variance sigma² - s², rounded to the
    grid by a discrete Gaussian of standard deviation s around it, has the
    probabilities of the discrete Gaussian of variance sigma² but for a factor of
    1 ± 5e-18 for each value, when s is 1.5 steps (`exact.integers.SMOOTHING`); and
    rounding costs nothing. The factors are in the epsilon.

    Args:
        sigma: standard deviation, in grey levels; 2e-7 of the images' range or more.
        bounds: as of `Mechanism`; high - low is in the place of 255 with them.

    Raises:
        ValueError: if sigma is not as above.
        ImportError: from `privatize`, without tensorflow-privacy.
    """

    sigma: float

    def __post_init__(self) -> None:
        super().__post_init__()
        least = float(self._span) * _LEAST_PART
        if self.sigma < least:
            raise ValueError(
                f"PixelGaussian needs sigma to be {least:.2g} or more for images with "
                f"values in {self._bounds[0]:g} to {self._bounds[1]:g}: less hides "
                f"nothing. Received: {self.sigma!r}."
            )

    @classmethod
    def _with_noise(cls, noise: float, **parameters: Any) -> "PixelGaussian":
        return cls(sigma=noise, **parameters)

    def _grid(self) -> Grid:
        return grid_for(self._bounds, self.sigma)

    @cached_property
    def _noise(self) -> GaussianNumbers:
        grid = self._grid()
        return GaussianNumbers(Fraction(self.sigma) / Fraction(grid.step), grid.steps)

    def _words(self, shape: FullShape) -> int:
        return self._noise.words(math.prod(shape))

    def _perturb(self, images: Images, words: Words) -> Floats:
        # TensorFlow is loaded here and nowhere else.
        from tfrwc.compat.tensorflow_privacy import KeyedGaussianSumQuery

        step, count = self._grid().step, math.prod(images.shape[1:])
        # All in steps, which are whole numbers.
        bound = float(self._span) / step * math.sqrt(count)
        query = KeyedGaussianSumQuery(
            bound,
            self.sigma / step,
            lambda: self._noise.draw(words, count).reshape(images.shape),
        )
        record = self._noise.steps(images, step)
        # Its state would be made of tensors, and nothing here reads it.
        noised = query.get_noised_result(record, global_state=None)[0]
        return self._noise.sums(noised, step)

    def _value_epsilon(self, shape: FullShape) -> float:
        return math.inf

    def _image_epsilon(self, shape: FullShape) -> float:
        return math.inf

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return self._cost(1, delta)

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        return self._cost(images * math.prod(shape), delta)

    def _cost(self, values: int, delta: float) -> Cost:
        sigma = self._sigma_of_real_noise()
        distance = float(self._span) * math.sqrt(values)
        factors = values * _RATIO
        # 1e-9 is for the solver, and for the numbers that it is given.
        epsilon, method = gaussian(distance, sigma, delta * (1 - factors - 1e-9))
        return Cost(epsilon * (1 + 1e-9) + factors, method)

    def _sigma_of_real_noise(self) -> float:
        """Of normal noise that hides as much as this; less, for it is rounded."""
        rounding = float(SMOOTHING) * self._grid().step
        return math.sqrt(self.sigma**2 - rounding**2)

    def _parts(self, shape: FullShape, images: int) -> list[Part]:
        # Real normal noise that hides no more than these steps do; the last factor is
        # for the rounding of numbers on the way.
        sigma = self._sigma_of_real_noise() * (1 - 1e-8)
        distance = float(self._span) * math.sqrt(images * math.prod(shape))
        return [Normal(distance / sigma)]

    def _not_promised(self, shape: FullShape) -> tuple[str, ...]:
        return ("There is no epsilon without a delta.",)

    def _numerical_delta(self) -> float:
        return 0.0


def _for_image(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> PixelGaussian:
        return PixelGaussian.for_budget(epsilon, per="image", shape=shape, delta=DELTA)

    return make


register(
    PixelGaussian,
    budgets={f"gaussian_image_{e}": _for_image(e) for e in (10, 1000, 10000)},
    title="Gaussian noise",
    colour="#56B4E9",
    marker="D",
    noise="on each value, by tensorflow-privacy's `GaussianSumQuery`",
    guarantee="with delta",
    rank=20,
)

"""Grey levels that are kept or replaced by others.

>>> from tfrwc.privacy import RandomizedResponse
>>> RandomizedResponse(epsilon=2.0, levels=4).statement((8, 8)).image_epsilon
128.0
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from tfrwc.privacy.accounting.mixed import Part, Response
from tfrwc.privacy.accounting.release import Cost, randomized_response
from tfrwc.privacy.exact.integers import ResponseNumbers
from tfrwc.privacy.noise import Words
from tfrwc.privacy.release.guaranteed import Guaranteed
from tfrwc.privacy.release.images import Floats, FullShape, Images
from tfrwc.privacy.release.registry import Factory, register


@dataclass(frozen=True)
class RandomizedResponse(Guaranteed):
    """Each value, rounded to a grey level, kept or replaced by another level.

    A level is kept with probability e^epsilon / (e^epsilon + levels - 1), otherwise
    each other one is as likely (Warner 1965; Kairouz et al., ICML 2016), exactly.

    Args:
        epsilon: pure epsilon of one value.
        levels: number of grey levels, evenly spaced from 0 to 255; 2 to 256.
        bounds: as of `Mechanism`; the levels are between them.

    Raises:
        ValueError: if an argument is not as above.
    """

    epsilon: float
    levels: int
    _clips: ClassVar[bool] = True  # products may be rounded to beyond them

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.levels <= 256:
            raise ValueError(f"levels must be 2 to 256. Received: {self.levels}.")

    @classmethod
    def _with_noise(cls, noise: float, **parameters: Any) -> "RandomizedResponse":
        return cls(epsilon=1 / noise, **parameters)

    @cached_property
    def _noise(self) -> ResponseNumbers:
        return ResponseNumbers(Fraction(self.epsilon), self.levels)

    def _words(self, shape: FullShape) -> int:
        return self._noise.words(math.prod(shape))

    def _perturb(self, images: Images, words: Words) -> Floats:
        top = self.levels - 1
        between = float(self._span) / top
        count = math.prod(images.shape[1:])
        level = self._noise.draw(words, count).reshape(images.shape)
        level += np.rint(images / between).astype(level.dtype)
        level -= (level > top) * level.dtype.type(self.levels)
        return np.multiply(level, between, dtype=np.float32, casting="unsafe")

    def _value_epsilon(self, shape: FullShape) -> Fraction:
        return Fraction(self.epsilon)

    def _image_epsilon(self, shape: FullShape) -> Fraction:
        return math.prod(shape) * Fraction(self.epsilon)

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return randomized_response(self.epsilon, self.levels, 1, delta)

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        count = images * math.prod(shape)
        return randomized_response(self.epsilon, self.levels, count, delta)

    def _parts(self, shape: FullShape, images: int) -> list[Part]:
        return [Response(self.epsilon, self.levels, images * math.prod(shape))]

    def _numerical_delta(self) -> float:
        return 0.0


def _with_epsilon(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> RandomizedResponse:
        return RandomizedResponse(epsilon, levels=4)

    return make


register(
    RandomizedResponse,
    budgets={f"response_value_{e}": _with_epsilon(e) for e in (1, 2, 4)},
    title="randomized response",
    colour="#CC79A7",
    marker="^",
    noise="levels replaced by others",
    guarantee="pure, per value and image",
    rank=40,
)

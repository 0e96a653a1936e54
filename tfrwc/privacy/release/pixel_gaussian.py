"""Normal noise on every value of an image.

>>> from tfrwc.privacy import PixelGaussian
>>> mechanism = PixelGaussian.for_budget(8.0, per="image", shape=(8, 8), delta=1e-5)
>>> f"{mechanism.statement((8, 8), delta=1e-5).image_epsilon_delta.epsilon:.2f}"
'8.00'
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfrwc.privacy.accounting.release import Cost, gaussian
from tfrwc.privacy.noise import Words, standard_normal
from tfrwc.privacy.release.guaranteed import Guaranteed
from tfrwc.privacy.release.images import TOP, Floats, FullShape, Images
from tfrwc.privacy.release.registry import DELTA, Factory, register


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
    def _with_noise(cls, noise: float, **parameters: Any) -> "PixelGaussian":
        return cls(sigma=noise, **parameters)

    def _words(self, shape: FullShape) -> int:
        return 2 * math.ceil(math.prod(shape) / 2)  # normal noise comes in pairs

    def _prepare(self, images: Images) -> Images:
        # TensorFlow is loaded here and in _perturb, and nowhere else.
        from tfrwc.compat.tensorflow_privacy import clipped_sums

        flat = images.reshape(len(images), -1)
        return clipped_sums(flat, _norm_bound(images)).reshape(images.shape)

    def _perturb(self, images: Images, words: Words) -> Floats:
        from tfrwc.compat.tensorflow_privacy import KeyedGaussianSumQuery

        def noise() -> Floats:
            count = math.prod(images.shape[1:])
            return standard_normal(words)[:, :count].reshape(images.shape)

        query = KeyedGaussianSumQuery(_norm_bound(images), self.sigma, noise)
        # Its state would be made of tensors, and nothing here reads it.
        released: Floats = query.get_noised_result(images, global_state=None)[0]
        return released

    def _value_epsilon(self, shape: FullShape) -> float:
        return math.inf

    def _image_epsilon(self, shape: FullShape) -> float:
        return math.inf

    def _value_cost(self, shape: FullShape, delta: float) -> Cost:
        return gaussian(TOP, self.sigma, delta)

    def _images_cost(self, shape: FullShape, delta: float, images: int) -> Cost:
        distance = TOP * math.sqrt(images * math.prod(shape))
        return gaussian(distance, self.sigma, delta)

    def _not_promised(self, shape: FullShape) -> tuple[str, ...]:
        return ("There is no epsilon without a delta.",)

    def _noise_scale(self) -> float:
        return self.sigma


def _norm_bound(images: Images) -> float:
    """The L2 norm that no image in 0..255 exceeds."""
    return TOP * math.sqrt(math.prod(images.shape[1:]))


def _for_image(epsilon: float) -> Factory:
    def make(shape: Sequence[int]) -> PixelGaussian:
        return PixelGaussian.for_budget(epsilon, per="image", shape=shape, delta=DELTA)

    return make


register(
    PixelGaussian,
    budgets={f"gaussian_image_{e}": _for_image(e) for e in (10, 1000, 10000)},
    colour="#56B4E9",
    marker="D",
    noise="on each value, by tensorflow-privacy's `GaussianSumQuery`",
    guarantee="with delta, exact",
    rank=20,
)

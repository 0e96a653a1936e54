"""What the best attack on a released image can do, where the noise is known.

>>> limits = attacks_on_image(
...     "PixelGaussian", {"sigma": 25_500.0}, (10, 10), (0.0, 255.0), math.inf
... )
>>> round(limits.success, 3)
0.52
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfrwc.privacy.accounting.attacks import Attacks

# Normal noise on a grid hides as much as real noise of a deviation this much less.
_ON_A_GRID = 1 - 3e-4


def attacks_on_image(
    mechanism: str,
    parameters: Mapping[str, float],
    image_shape: Sequence[int],
    bounds: tuple[float, float],
    per_value_epsilon: float,
    images: int = 1,
) -> "Attacks | None":
    """Attacks that tell whether images, or others in their place, were released.

    Args:
        mechanism, parameters, image_shape, bounds, per_value_epsilon: as of a
            `Statement`.
        images: number of images that are replaced together.

    Returns:
        None for a mechanism of which only epsilon and delta are known.
    """
    # Not at the top: it loads SciPy, and statements are read without.
    from tfrwc.privacy.accounting import attacks

    values = math.prod(image_shape) * images
    if mechanism == "PixelGaussian":
        distance = (bounds[1] - bounds[0]) * math.sqrt(values)
        return attacks.of_normal_noise(distance, parameters["sigma"] * _ON_A_GRID)
    if mechanism in ("PixelLaplace", "RandomizedResponse"):
        return attacks.of_pure(((per_value_epsilon, values),))
    if mechanism == "DPPix":
        sizes = _cell_sizes(image_shape, int(parameters["cell"]))
        return attacks.of_pure(
            tuple(
                (size * per_value_epsilon, count * images)
                for size, count in sorted(sizes.items())
            )
        )
    return None


def _cell_sizes(image_shape: Sequence[int], cell: int) -> Counter[int]:
    """How many cells have how many values."""
    height, width, *channels = image_shape
    down, across = (
        [min(cell, side - start) for start in range(0, side, cell)]
        for side in (height, width)
    )
    sizes = Counter(a * b for a, b in product(down, across))
    return Counter({size: n * math.prod(channels) for size, n in sizes.items()})

"""Where in an image a release may tell too much, from releases of random images."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfrwc.privacy.attack.audit.experiments import Levels
from tfrwc.privacy.attack.audit.releases import Releases

_TRIALS = 2000
_PLACES = 64  # whose single values are looked at
_PAIRS = 8  # of them, whose noise goes together
_MOST = 1024  # places that are compared with each other
# Correlations of independent noise are normal, with a deviation of 1 / sqrt(trials): of
# half a million pairs, one is above this in one of a million scouts.
_CHANCE = 7 / math.sqrt(_TRIALS)


class Places(NamedTuple):
    """Where to look.

    Attributes:
        changed: the place of the value that a release tells most about.
        seen: the places of the values that tell most, the best first.
        pairs: of places whose noise goes together.
    """

    changed: int
    seen: NDArray[np.int64]
    pairs: list[tuple[int, int]]


def scout(releases: Releases, shape: tuple[int, ...], levels: Levels) -> Places:
    """Find the values that show most, and the values that are shown most.

    Images are black or white in each value, by fair coins. A released value, its size
    of noise, or its parity goes with some value of the image more than other ones do;
    and no noise goes with that of another value.

    Args:
        releases: of the mechanism.
        shape: of an image.
        levels: of the images.
    """
    size = math.prod(shape)
    if size == 1:
        return Places(0, np.array([0]), [])
    rng = np.random.default_rng(0)
    coins = rng.integers(0, 2, (_TRIALS, size))
    images = levels.images(255 * coins).reshape(_TRIALS, *shape)
    released = releases.each(images).reshape(_TRIALS, size)
    some = np.sort(rng.permutation(size)[:_MOST])
    inputs = coins[:, some].astype(np.float64)
    values = np.nan_to_num(released[:, some])
    noise = values - images.reshape(_TRIALS, size)[:, some]
    whole = np.rint((values - levels.low) / levels.step)
    shown = np.clip(values, levels.low, levels.high)
    # Of values seen, in rows, with values of the image, in columns.
    together = np.maximum.reduce(
        [_correlation(seen, inputs) for seen in (shown, np.abs(noise), whole % 2)]
    )
    shared = np.triu(_correlation(noise, noise), 1)
    order = np.argsort(-together.max(axis=1), kind="stable")
    changed = together.max(axis=0).argmax()
    pairs: list[tuple[int, int]] = []
    if shared.max() > _CHANCE:
        best = np.argsort(-shared, axis=None, kind="stable")[:_PAIRS]
        firsts, seconds = np.unravel_index(best, shared.shape)
        pairs = list(zip(some[firsts].tolist(), some[seconds].tolist(), strict=True))
        changed = firsts[0]
    return Places(int(some[changed]), some[order[:_PLACES]], pairs)


def _correlation(
    columns: NDArray[np.float64], others: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Sizes of correlations, (columns, others); 0 where something does not vary."""
    sizes: NDArray[np.float64] = np.abs(_standard(columns).T @ _standard(others))
    return sizes / len(columns)


def _standard(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of mean 0 and variance 1; of zeros where they do not vary."""
    spread = columns.std(axis=0)
    standard: NDArray[np.float64] = (columns - columns.mean(axis=0)) / np.where(
        spread > 0, spread, np.inf
    )
    return standard

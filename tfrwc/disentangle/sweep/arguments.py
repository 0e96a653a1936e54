"""Checks of what a sweep is given."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def examples_of(x: ArrayLike) -> NDArray[np.floating]:
    """Return x as a float32 array, or float64 if it is one.

    Raises:
        ValueError: if it is not finite examples (n, …).
    """
    examples = np.asarray(x)
    if examples.dtype != np.float64:
        examples = np.asarray(examples, np.float32)
    if examples.ndim < 2 or not len(examples) or not np.isfinite(examples).all():
        raise ValueError(
            f"x must be finite examples (n, …). Received: shape {examples.shape}, "
            f"{int((~np.isfinite(examples)).sum())} values not finite."
        )
    return examples


def distinct_betas(betas: Sequence[float]) -> tuple[float, ...]:
    """Return β as floats.

    Raises:
        ValueError: if they are not one or more different numbers above 0.
    """
    array = np.asarray(betas, float)
    if (
        array.ndim != 1
        or not len(array)
        or not (np.isfinite(array) & (array > 0)).all()
    ):
        raise ValueError(f"betas must be numbers above 0. Received: {array}.")
    if len(np.unique(array)) < len(array):
        raise ValueError(f"betas must differ from each other. Received: {array}.")
    return tuple(array.tolist())


def distinct_seeds(seeds: Sequence[int]) -> tuple[int, ...]:
    """Return seeds as ints.

    Raises:
        ValueError: if they are not one or more different whole numbers that fit into
            31 bits.
    """
    seeds = tuple(seeds)
    whole = all(isinstance(s, (int, np.integer)) and 0 <= s < 2**31 for s in seeds)
    if not seeds or not whole or len(set(seeds)) < len(seeds):
        raise ValueError(
            "seeds must be one or more different whole numbers in 0..2**31 - 1. "
            f"Received: {seeds}."
        )
    return tuple(int(seed) for seed in seeds)

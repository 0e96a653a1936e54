"""Laplace noise on every value."""

import numpy as np
import pytest

from tfrwc.privacy import PixelLaplace


def test_numerical_delta_bounds_the_distance_from_ideal_noise():
    """Probabilities of multiples of the grid, by exact integers and 50 digits.

    The words that give a value above an edge are counted by bisection, with the very
    arithmetic that releases it.
    """
    mpmath = pytest.importorskip("mpmath")
    scale, image = 255.0, 200.0
    mechanism = PixelLaplace(scale)
    grid = mechanism._grid()

    def released(word):
        noise = mechanism._perturb(np.full((1, 1, 1, 1), image), np.array([[word]]))
        return float(np.rint(noise.item() / grid) * grid)

    def words_at_least(value):
        """How many positive words are released as value or more."""
        low, high = 0, 2**63 - 1  # larger words give smaller noise
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (
                (middle, high) if released(middle) >= value else (low, middle - 1)
            )
        return low

    mpmath.mp.dps = 50
    distance, cells = mpmath.mpf(0), range(1, 4 * 4096 * 16, 4096 * 16 // 25)
    for cell in cells:
        value = image + cell * grid
        got = mpmath.mpf(words_at_least(value) - words_at_least(value + grid)) / 2**64
        edges = [(value - image + k * grid / 2) / mpmath.mpf(scale) for k in (-1, 1)]
        ideal = (mpmath.exp(-edges[0]) - mpmath.exp(-edges[1])) / 2
        distance += abs(got - ideal)
    # One cell in some 2600 of those that matter was looked at, on one of two sides;
    # the total variation is half the sum over both.
    estimate = float(distance) * (4096 * 16 // 25)
    assert estimate < mechanism._numerical_delta()

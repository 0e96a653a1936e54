"""Levels that are kept or replaced."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from privacy.release.cases import KEY, LEVEL
from scipy import stats

from tfrwc.privacy import RandomizedResponse


def test_kept_and_replaced_levels():
    """Each level is kept, or becomes each other one, as often as it should."""
    levels, epsilon, n = 4, 1.5, 40_000
    kept = math.exp(epsilon) / (math.exp(epsilon) + levels - 1)
    for level in range(levels):
        images = np.full((1, 1, n), 85 * level, np.uint8)
        mechanism = RandomizedResponse(epsilon, levels)
        released = mechanism.privatize(images, KEY, [level])
        counts = np.bincount((released.ravel() / 85).astype(int), minlength=levels)
        expected = np.full(levels, n * (1 - kept) / (levels - 1))
        expected[level] = n * kept
        assert stats.chisquare(counts, expected).pvalue > LEVEL / levels


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, (2, 5, 6)), st.integers(2, 256))
def test_levels_are_the_nearest_ones(images, levels):
    released = RandomizedResponse(50.0, levels).privatize(images, KEY)
    assert np.abs(released - images).max() <= 255 / (levels - 1) / 2 + 1e-3

"""One number for a whole image."""

import math

import numpy as np
import pytest
from privacy.release.cases import KEY, LEVEL
from scipy import stats

from tfrwc.privacy import ScalarShift


@pytest.mark.parametrize("epsilon", [0.25, 0.5, 1.0])
def test_a_shift_blanks_full_range_images_as_often_as_published(epsilon):
    """With probability exp(-epsilon); for other images it is the same shift."""
    image = np.array([[0, 255], [100, 110]], np.uint8)
    n = 20_000
    images = np.tile(image, (n, 1, 1))
    released = ScalarShift(epsilon).privatize(images, KEY, range(n))
    blank = int((np.ptp(released.reshape(n, -1), axis=1) == 0).sum())
    assert stats.binomtest(blank, n, math.exp(-epsilon)).pvalue > LEVEL / 3
    inner = released[(released.min(axis=(1, 2)) > 0) & (released.max((1, 2)) < 255)]
    assert (np.diff(inner[:, 1]) == 10).all()

"""Noise on singular values."""

import numpy as np
import pytest
from privacy.release.cases import KEY, LEVEL, pictures
from scipy import stats

from tfrwc.privacy import DPSVD


def test_singular_values_get_a_length_of_gamma_and_any_direction():
    image = np.diag([200.0, 100.0, 50.0])
    mechanism = DPSVD(epsilon=0.5, k=3, bounds=(0, 255))
    released = mechanism.privatize(np.tile(image, (5000, 1, 1)), KEY, range(5000))
    noise = np.diagonal(released - image, axis1=1, axis2=2)
    off_diagonal = released - np.apply_along_axis(np.diag, 1, image.diagonal() + noise)
    assert np.abs(off_diagonal).max() < 1e-3
    length = np.linalg.norm(noise, axis=1)
    assert stats.kstest(length, stats.gamma(3, scale=2).cdf).pvalue > LEVEL
    # Each coordinate of a uniform direction in three dimensions is uniform.
    for cosine in (noise / length[:, None]).T:
        assert stats.kstest(cosine, stats.uniform(-1, 2).cdf).pvalue > LEVEL / 3


def test_only_k_singular_values_are_left():
    released = DPSVD(epsilon=1.0, k=2).privatize(pictures(3, 9, 7), KEY)
    assert (np.linalg.matrix_rank(released, tol=1) == 2).all()
    with pytest.raises(ValueError, match="7 singular values, fewer than k = 8"):
        DPSVD(epsilon=1.0, k=8).privatize(pictures(3, 9, 7), KEY)

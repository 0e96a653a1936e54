"""Noise on the means of cells."""

import numpy as np
import pytest
from privacy.release.cases import KEY, LEVEL, pictures
from scipy import stats

from tfrwc.privacy import DPPix


def test_cells():
    """Against loops over cells, with so much budget that no noise is left."""
    images = pictures(2, 7, 8)
    released = DPPix(epsilon=1e9, cell=3, m=1).privatize(images, KEY)
    for top in range(0, 7, 3):
        for left in range(0, 8, 3):
            block = np.s_[:, top : top + 3, left : left + 3]
            means = images[block].mean(axis=(1, 2))
            flat = released[block].reshape(2, -1)
            assert flat == pytest.approx(np.tile(means, (flat.shape[1], 1)).T, abs=1e-3)


def test_noise_of_cells():
    """Scale 255 m / (cell² epsilon), and more where the edge cuts a cell."""
    images = np.full((4000, 5, 4), 128, np.uint8)
    mechanism = DPPix(epsilon=200.0, cell=4, m=16)
    released = mechanism.privatize(images, KEY, range(4000))
    for cell, scale in (((0, 0), 255 / 200), ((4, 0), 4 * 255 / 200)):
        noise = released[(slice(None), *cell)] - 128
        assert stats.kstest(noise, stats.laplace(scale=scale).cdf).pvalue > LEVEL


def test_epsilons_of_cells():
    whole = DPPix(epsilon=2.0, cell=4, m=16).statement((8, 8))
    assert whole.per_value_epsilon == 2 / 16
    # epsilon (number of cells) cell² / m
    assert whole.image_epsilon == 2.0 * 4 * 16 / 16
    cut = DPPix(epsilon=2.0, cell=4, m=16).statement((9, 8))
    assert cut.image_epsilon == 2.0 * 72 / 16
    assert cut.image_epsilon_delta.epsilon > whole.image_epsilon_delta.epsilon


def test_a_cell_larger_than_the_image_takes_no_more_memory():
    images = np.zeros((2, 3, 5), np.uint8)
    released = DPPix(1.0, cell=10**12, m=15).privatize(images, KEY)
    assert released.shape == images.shape
    assert (released == released[:, :1, :1]).all()

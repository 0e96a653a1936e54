"""The theory fitted to images, where the answer is known."""

import numpy as np
import pytest

from tfrwc.datasets.sprites import Sprites
from tfrwc.disentangle import theory
from tfrwc.studies.beta.local_theory import fitted_optimum

SIZES = (2, 5, 4, 6, 3)
NAMES = ("shape", "scale", "orientation", "x", "y")
GRID = np.indices(SIZES).reshape(5, -1).T
UNITS = ((GRID - GRID.mean(axis=0)) / GRID.std(axis=0))[:, 1:]


def linear_images(mixing):
    """Images whose pixels' 2 arcsin √p is linear in the factors; here an image is the
    number of its row, and what is reconstructed from it the pixels."""
    numbers = np.indices(GRID.shape[:1])[0]
    # Two bytes for the number of a row.
    images = np.stack([numbers // 256, numbers % 256], axis=1).astype(np.uint8)
    data = Sprites("made here", images[..., None, None], GRID, NAMES, (0,) * 4, (1, 1))
    p = np.sin((np.pi / 2 + UNITS @ mixing.T) / 2) ** 2

    def reconstruct(x):
        high, low = np.round(255 * x[:, :, 0, 0]).astype(int).T
        return p[256 * high + low]

    return data, reconstruct


@pytest.mark.parametrize("cosine", [0.0, 0.5, 0.8])
def test_linear_images_have_the_optimum_of_their_world(cosine):
    """Two factors at an angle, two orthogonal: the same around each image."""
    A = np.zeros((300, 4))
    A[:100, 0], A[100:200, 2], A[200:, 3] = 0.1, 0.2, 0.1
    A[:100, 1], A[100:200, 1] = 0.1 * cosine, 0.1 * np.sqrt(1 - cosine**2)
    found = fitted_optimum(*linear_images(A))
    best = theory.optimal_beta(A, 1.0).beta
    assert found["beta"] == pytest.approx(best, rel=0.02)
    assert (found["beta"] > 1.01) == (best > 1.01)
    covariance = np.linalg.inv(np.eye(4) + A.T @ A)
    deviation = np.sqrt(np.diag(covariance))
    correlations = np.abs(covariance / np.outer(deviation, deviation))
    assert found["correlation"] == pytest.approx((correlations.sum() - 4) / 12)
    assert found["factors"] == list(NAMES[1:])


def test_of_a_model_that_diverged_nothing_is_known():
    data, reconstruct = linear_images(np.ones((4, 4)) / 10)
    found = fitted_optimum(data, lambda x: reconstruct(x) * np.nan)
    assert np.isnan([found["beta"], found["correlation"]]).all()


def test_what_does_not_change_has_no_correlations():
    data, _ = linear_images(np.zeros((4, 4)))
    found = fitted_optimum(data, lambda x: np.full((len(x), 3, 3), 0.5))
    assert found["correlation"] == 0
    assert np.isfinite(found["beta"])

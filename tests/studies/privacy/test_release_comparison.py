"""Releases side by side."""

import numpy as np
import pytest

from tfrwc.studies.privacy.release_comparison import likeness


def test_likeness_of_known_pairs():
    x = np.random.default_rng(0).integers(0, 246, (2, 16, 16), np.uint8)
    ssim, psnr = likeness(x, x + 10)
    assert ssim > 0.95
    assert psnr == pytest.approx(20 * np.log10(255 / 10))

"""Models of images: the best mean, and the collapse of latents."""

import numpy as np
import pytest

from tfrwc import load_recording
from tfrwc.datasets import sprites
from tfrwc.studies.beta import images as beta_images


@pytest.mark.parametrize(("measure", "beta"), [("mig", 4.0), ("distortion", 1.0)])
def test_the_beta_with_the_best_mean(measure, beta):
    rows = [
        {"beta": 2.0**i, "seed": seed, measure: value + (-1) ** seed}
        for seed in (1, 0)
        for i, value in enumerate([0.1, 0.2, 0.3, 0.2])
    ]
    assert beta_images.highest(rows, measure) == beta


def test_latents_collapse_as_beta_rises(tmp_path):
    data = sprites.generate()
    found = beta_images.collapse(data, "dense", 0, 12, tmp_path / "r.parquet")
    assert found["beta"][0] == pytest.approx(0.25)
    assert found["beta"][-1] == pytest.approx(16)
    rates = np.array(found["rates"])
    assert rates.shape == (12, beta_images.LATENTS)
    assert (rates[2] > beta_images.LIVE).sum() >= 4
    assert (rates[-1] < beta_images.LIVE).all()
    recording = load_recording(tmp_path / "r.parquet")
    np.testing.assert_allclose(found["change"], recording.values("l1_ratio").T)
    assert found["layers"][2] == "posterior/kernel"

"""Models of images: the best mean, and the collapse of latents."""

import numpy as np
import pytest

from tfrwc import load_recording
from tfrwc.datasets import sprites
from tfrwc.studies.beta import images as beta_images
from tfrwc.studies.beta.scoring import all_scores


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


def mask_as_scores(codes, factors, live):
    """In the place of scores: how many latents are to be scored."""
    names = ("mig", "sap", "dci", "modularity", "factor_vae", "beta_vae")
    return dict.fromkeys(names, int(live.sum()) + codes.shape[1] / 100)


def test_live_latents_are_scored(monkeypatch):
    monkeypatch.setattr(beta_images, "all_scores", mask_as_scores)
    data = sprites.generate(size=12)
    results, _, _ = beta_images.sweep(data, [0.5, 64.0], "dense", [0], 2, None)
    for row in results["rows"]:
        assert row["live_latents"] == (np.array(row["rates"]) > beta_images.LIVE).sum()
        assert row["mig"] == pytest.approx(row["live_latents"] + 0.1)
    assert results["rows"][0]["live_latents"] > results["rows"][1]["live_latents"]


def test_all_scores_are_of_live_latents():
    rng = np.random.default_rng(0)
    factors = np.indices((3, 4, 5)).reshape(3, -1).T.repeat(4, axis=0)
    codes = factors + 0.1 * rng.normal(size=factors.shape)
    dead = 0.01 * rng.normal(size=factors.shape)
    live = np.array([True] * 3 + [False] * 3)
    alone = all_scores(codes, factors, np.ones(3, bool))
    assert all_scores(np.hstack([codes, dead]), factors, live) == alone

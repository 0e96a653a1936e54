"""Models of images: verdicts, and the collapse of latents."""

import numpy as np
import pytest

from tfrwc import load_recording
from tfrwc.datasets import sprites
from tfrwc.studies.beta import images as beta_images


def rows_of(values, live):
    return [
        {"beta": 2.0**i, "seed": seed, "mig": value + 0.001 * seed, "live_latents": n}
        for i, (value, n) in enumerate(zip(values, live, strict=True))
        for seed in (0, 1, 2)
    ]


@pytest.mark.parametrize(
    ("values", "live", "kind", "inside"),
    [
        ([0.1, 0.2, 0.3, 0.2], [5, 5, 5, 2], "finite optimum", 1.0),
        ([0.1, 0.2, 0.3, 0.2], [5, 5, 4, 2], "peaks as latents die", 1.0),
        ([0.3, 0.2, 0.1, 0.0], [5, 5, 5, 5], "best at an end", 0.0),
        ([0.0, 0.1, 0.2, 0.3], [5, 5, 5, 5], "best at an end", 0.0),
    ],
)
def test_verdicts(values, live, kind, inside):
    found = beta_images.verdict(rows_of(values, live), "mig")
    assert found["kind"] == kind
    assert found["inside"] == inside
    assert found["best_beta"] == 2.0 ** np.argmax(values)


def test_a_latent_that_dies_with_one_seed_is_no_finite_optimum():
    rows = rows_of([0.1, 0.2, 0.3, 0.2], [5, 5, 5, 2])
    [row] = [r for r in rows if (r["beta"], r["seed"]) == (4.0, 1)]
    row["live_latents"] = 4
    found = beta_images.verdict(rows, "mig")
    assert found["kind"] == "peaks as latents die"
    assert found["live_at_best"] == pytest.approx(14 / 3)


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

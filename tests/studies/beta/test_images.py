"""Models of images: the best mean, and the collapse of latents."""

import numpy as np
import pytest

from tfrwc import load_recording
from tfrwc.datasets import sprites
from tfrwc.disentangle import recognition
from tfrwc.disentangle.baselines import Encoded
from tfrwc.disentangle.sweep.options import TrainingOptions
from tfrwc.studies.beta import images as beta_images
from tfrwc.studies.beta import references
from tfrwc.studies.beta.objects import Grid
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
    betas = beta_images.BETAS["sprites"]
    found = beta_images.collapse(data, betas, "dense", 0, 12, tmp_path / "r.parquet")
    assert found["beta"][0] == pytest.approx(0.25)
    assert found["beta"][-1] == pytest.approx(16)
    rates = np.array(found["rates"])
    assert rates.shape == (12, beta_images.LATENTS)
    assert (rates[2] > beta_images.LIVE).sum() >= 4
    assert (rates[-1] < beta_images.LIVE).all()
    recording = load_recording(tmp_path / "r.parquet")
    np.testing.assert_allclose(found["change"], recording.values("l1_ratio").T)
    assert found["layers"][2] == "posterior/kernel"


def mask_as_scores(codes, drawn, live, grid, some):
    """In the place of what is measured: how many latents are to be scored, and by how
    much draws differ from means."""
    assert codes.shape == drawn.shape == (len(grid.factors), beta_images.LATENTS)
    scored = int(live.sum()) + codes.shape[1] / 100
    return {"mig": scored, "drawn": np.std(drawn - codes)}


def test_live_latents_are_scored(monkeypatch):
    monkeypatch.setattr(beta_images, "measured", mask_as_scores)
    monkeypatch.setattr(beta_images, "references", lambda *of: [len(of)])
    data = sprites.generate(size=12)
    results, _, _ = beta_images.sweep(data, [0.5, 64.0], "dense", [0, 1], 2, None)
    rows = results["rows"]
    for row in rows:
        assert row["live_latents"] == (np.array(row["rates"]) > beta_images.LIVE).sum()
        assert row["mig"] == pytest.approx(row["live_latents"] + 0.1)
        assert row["udr"] >= 0
    assert rows[0]["live_latents"] > rows[-1]["live_latents"]
    # Where latents are dead q is the prior, of deviation 1.
    assert rows[0]["drawn"] < rows[-1]["drawn"]
    assert rows[-1]["drawn"] == pytest.approx(1, abs=0.1)
    fitted = results["theory"]
    assert fitted["at_beta"] == 0.5
    assert fitted["seeds"] == [0, 1]
    assert all(1 <= beta <= 64 for beta in fitted["betas"])
    assert all(0 < c < 1 for c in fitted["correlations"])
    assert results["baselines"] == [6]


def recognition_alone(codes, drawn, live, grid, some):
    """In the place of all that is measured."""
    assert (codes == drawn).all()
    half = recognition.random_half(len(codes))
    return {"half": recognition.accuracy(codes, grid.factors[:, 0], half, live)}


def test_baselines_are_measured_as_models_are(monkeypatch):
    monkeypatch.setattr(references, "measured", recognition_alone)
    data = sprites.generate(size=12)
    grid = Grid(data.factors, data.seen_factors, data.factor_names)
    options = TrainingOptions(epochs=4)
    rows = references.references(data, "dense", [3], options, grid, np.arange(9))
    found = {row["baseline"]: row for row in rows}
    assert list(found) == ["pca", "ica", "random", "autoencoder", "supervised"]
    assert [row["seed"] for row in rows] == [None, 3, 3, 3, 3]
    converged = [row["converged"] for row in rows]
    assert converged[0] is converged[2] is None
    assert {type(one) for one in converged[3:]} == {bool}
    # Of any, the one that was told the shapes knows most of them.
    best = max(rows, key=lambda row: row["half"])
    assert best["baseline"] == "supervised"


def nothing(codes, drawn, live, grid, some):
    """In the place of all that is measured."""
    return {}


def test_baselines_have_the_first_two_seeds(monkeypatch):
    names = ("pca", "ica", "random_encoder", "autoencoder", "supervised_encoder")
    found = Encoded(np.zeros((9, beta_images.LATENTS)), np.ones(4))
    for name in names:
        monkeypatch.setattr(references.baselines, name, lambda *of, **more: found)
    monkeypatch.setattr(references, "measured", nothing)
    data = sprites.generate(size=12)
    grid = Grid(data.factors, data.seen_factors, data.factor_names)
    options = TrainingOptions(epochs=4)
    some = np.arange(9)
    rows = references.references(data, "dense", [3, 5, 7], options, grid, some)
    assert [row["seed"] for row in rows] == [None, *[3] * 4, *[5] * 4]


@pytest.mark.parametrize(
    ("losses", "over"),
    [
        (np.linspace(2, 1, 20), False),
        (np.r_[np.linspace(2, 1, 5), np.ones(15)], True),
        (np.geomspace(1, 1e-5, 20), True),  # labels that are known, ever more surely
        (np.r_[np.ones(19), np.nan], False),
        ([1.0], False),
    ],
)
def test_whether_a_baseline_had_converged(losses, over):
    found = Encoded(np.zeros((3, 2)), np.array(losses))
    assert references._converged(found) is over


def test_all_scores_are_of_live_latents():
    rng = np.random.default_rng(0)
    factors = np.indices((3, 4, 5)).reshape(3, -1).T.repeat(4, axis=0)
    codes = factors + 0.1 * rng.normal(size=factors.shape)
    dead = 0.01 * rng.normal(size=factors.shape)
    live = np.array([True] * 3 + [False] * 3)
    alone = all_scores(codes, factors, np.ones(3, bool))
    assert all_scores(np.hstack([codes, dead]), factors, live) == alone

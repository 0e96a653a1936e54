"""Baselines: codes of known data, the same ones for the same seed."""

import numpy as np
import pytest

from tfrwc.disentangle import BetaVAE, baselines, recognition
from tfrwc.disentangle.sweep.options import TrainingOptions

RNG = np.random.default_rng(0)
SOURCES = RNG.laplace(size=(2000, 3))
MIXED = SOURCES @ RNG.normal(size=(3, 8))
SHORT = TrainingOptions(epochs=30, batch_size=50, learning_rate=0.01)


def best_matches(codes, sources):
    """Of each source, the size of its greatest correlation with a code."""
    together = np.corrcoef(codes.T, sources.T)
    return np.abs(together[: codes.shape[1], codes.shape[1] :]).max(axis=0)


def test_pca_has_all_of_the_variance_and_ica_the_sources():
    codes = baselines.pca(MIXED, 3).codes
    np.testing.assert_allclose(np.cov(codes.T), np.eye(3), atol=1e-6)
    rest = MIXED - MIXED.mean(axis=0)
    rest = rest - codes @ np.linalg.lstsq(codes, rest, rcond=None)[0]
    assert np.abs(rest).max() < 1e-4  # x is float32
    independent = baselines.ica(MIXED, 3)
    assert best_matches(independent.codes, SOURCES).min() > 0.99
    assert best_matches(codes, SOURCES).min() < 0.97
    assert independent.losses.size == 0


def test_a_random_encoder_is_an_untrained_vae():
    x = MIXED[:50].astype(np.float32)
    found = baselines.random_encoder(x, 4, "linear", seed=3).codes
    vae = BetaVAE(8, 4, encoder="linear", seed=3)
    np.testing.assert_allclose(found, vae.encode(x).mean(), rtol=1e-5, atol=1e-6)
    other = baselines.random_encoder(x, 4, "linear", seed=4).codes
    assert np.abs(found - other).max() > 0.01


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_an_autoencoder_keeps_what_fits_into_its_codes(likelihood):
    """Of data of three dimensions, three codes keep all that is linear."""
    x = MIXED[:500]
    if likelihood == "bernoulli":
        x = 1 / (1 + np.exp(-x / 2))
    found = baselines.autoencoder(x, 3, "linear", likelihood, SHORT, seed=1)
    again = baselines.autoencoder(x, 3, "linear", likelihood, SHORT, seed=1)
    np.testing.assert_array_equal(found.codes, again.codes)
    assert found.losses.shape == (30,)
    assert found.losses[-1] < found.losses[0]
    kept = np.column_stack([found.codes, np.ones(500)])
    centred = MIXED[:500] - MIXED[:500].mean(axis=0)
    left = centred - kept @ np.linalg.lstsq(kept, centred, rcond=None)[0]
    assert left.var() < 0.1 * centred.var()


def test_a_supervised_encoder_knows_what_it_was_told():
    """Labels of all points, which another direction than those of most variance gives;
    or of one half, told wrongly: the other half is then wrong, too."""
    labels = (SOURCES[:, 0] > 0).astype(int)
    half = recognition.random_half(2000)
    found = baselines.supervised_encoder(MIXED, labels, 1, "linear", SHORT)
    assert recognition.accuracy(found.codes, labels, half) > 0.97
    # One code is enough for the labels, and knows nothing else.
    other = (SOURCES[:, 1] > 0).astype(int)
    assert recognition.accuracy(found.codes, other, half) < 0.6
    wrong = np.where(half.train, other, labels)
    told = baselines.supervised_encoder(
        MIXED, wrong, 1, "linear", SHORT, known=half.train
    )
    assert recognition.accuracy(told.codes, other, half) > 0.97
    assert recognition.accuracy(told.codes, labels, half) < 0.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: baselines.pca(MIXED, 9), "Received: 9 for 2000 examples of 8"),
        (lambda: baselines.ica(MIXED, 0), "n_latents must be"),
        (lambda: baselines.pca(MIXED * np.nan, 2), "x must be finite"),
        (lambda: baselines.pca(MIXED[0], 2), r"x must be examples \(n, …\)"),
        (lambda: baselines.autoencoder(MIXED, 2), "within 0..1"),
        (lambda: baselines.autoencoder(MIXED, 2, "resnet", "gaussian"), "no network"),
        (lambda: baselines.autoencoder(MIXED, 2, "linear", "poisson"), "likelihood"),
        (lambda: baselines.supervised_encoder(MIXED, [1, 2], 2), r"\(2000,\)"),
        (lambda: baselines.supervised_encoder(MIXED, MIXED[:, 0], 2), "float64"),
        (
            lambda: baselines.supervised_encoder(
                MIXED, np.arange(2000), 2, known=np.zeros(2000, bool)
            ),
            "known must be bools",
        ),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

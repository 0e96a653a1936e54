"""Codes of a sweep: means of q(z|x), or draws from it."""

import numpy as np
import pytest

from tfrwc.disentangle import BetaSweep, BetaVAE
from tfrwc.disentangle.sweep import beta_sweep
from tfrwc.disentangle.sweep.chance import codes_of


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(64, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def short(x):
    def build(seed):
        return BetaVAE(4, 3, encoder="linear", seed=seed)

    return BetaSweep([0.5, 8.0], [3], build, epochs=1).fit(x)


def test_codes_are_means_or_draws(short, x):
    drawn, means = short.codes(x, draw=3), short.codes(x)
    np.testing.assert_array_equal(drawn, short.codes(x, draw=3))
    assert not np.allclose(drawn, short.codes(x, draw=4))
    noise = np.random.default_rng(3).normal(size=means[0].shape)
    q = short.member(8.0, 3).encode(x)
    expected = q.mean() + q.stddev() * noise
    np.testing.assert_allclose(drawn[-1], expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="draw must be a whole number"):
        short.codes(x, draw=1.5)


@pytest.mark.parametrize("posterior", ["diagonal", "full"])
def test_posteriors_are_those_of_each_member(x, posterior, monkeypatch):
    """Also where examples go through the encoder in parts."""

    def build(seed):
        return BetaVAE(4, 3, encoder="dense", posterior=posterior, seed=seed)

    sweep = BetaSweep([0.5, 8.0], [3, 4], build, epochs=1).fit(x)
    monkeypatch.setattr(beta_sweep, "_VALUES_AT_ONCE", 4 * 30)
    means, scales = sweep.posteriors(x)
    members = [sweep.member(beta, seed) for beta in (0.5, 8.0) for seed in (3, 4)]
    for vae, mean, scale in zip(members, means, scales, strict=True):
        expected = vae.predict(x, verbose=0)
        np.testing.assert_allclose(mean, expected["mean"], rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(scale, expected["scale"], rtol=1e-4, atol=1e-6)


def test_draws_from_full_covariances():
    """Within 5 standard errors of 20,000 draws: 9 numbers, wrong once in 190,000."""
    factor = np.array([[1.0, 0, 0], [0.8, 0.6, 0], [-0.3, 0.2, 0.1]])
    mean = np.array([1.0, -2.0, 0.5])
    drawn = codes_of(np.tile(mean, (20_000, 1)), np.tile(factor, (20_000, 1, 1)), 0)
    covariance = factor @ factor.T
    deviation = np.sqrt(np.diag(covariance))
    error = abs(drawn.mean(axis=0) - mean) / deviation
    assert error.max() < 5 / np.sqrt(20_000)
    error = abs(np.cov(drawn.T) - covariance) / np.outer(deviation, deviation)
    assert error.max() < 5 * np.sqrt(2 / 20_000)

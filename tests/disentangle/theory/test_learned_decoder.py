"""The optimum with a learned decoder against direct optimisation."""

import numpy as np
import pytest
from disentangle.theory.worlds import WORLDS, elbo, worlds
from scipy.optimize import minimize

from tfrwc.disentangle import theory


@worlds
@pytest.mark.parametrize("beta", [0.5, 1.0, 4.0, 16.0])
def test_a_learned_decoder_reaches_the_optimum_and_not_more(world, beta):
    A, sigma = world
    (n, k), eta = A.shape, 0.4
    exact = theory.linear_optimum(A, sigma, eta, beta, k)
    there = elbo(A, sigma, exact.decoder, exact.encoder, exact.variances, eta, beta)
    assert there == pytest.approx((exact.objective, exact.distortion, exact.rate))

    def loss(x):
        D, W = x[: n * k].reshape(n, k), x[n * k : 2 * n * k].reshape(k, n)
        return -elbo(A, sigma, D, W, np.exp(x[2 * n * k :]), eta, beta)[0]

    rng = np.random.default_rng(0)
    found = [
        -minimize(loss, rng.normal(0, 0.5, 2 * n * k + k), tol=1e-10).fun
        for _ in range(3)
    ]
    assert max(found) == pytest.approx(exact.objective, rel=1e-5)


@worlds
def test_latents_collapse_where_they_should(world):
    A, sigma = world
    k, eta = A.shape[1], 0.5
    thresholds = theory.linear_optimum(A, sigma, eta, 1.0, k).collapse_betas
    assert (np.diff(thresholds) <= 0).all()
    for j, beta in enumerate(thresholds):
        below = theory.linear_optimum(A, sigma, eta, beta * 0.99, k)
        above = theory.linear_optimum(A, sigma, eta, beta * 1.01, k)
        assert (
            below.active_latents >= j + 1 > above.active_latents
            or np.isclose(thresholds, beta, rtol=0.03).sum() > 1
        )
        assert (above.decoder[:, above.active_latents :] == 0).all()
        assert (above.variances[above.active_latents :] == 1).all()


def test_columns_of_the_decoder_are_orthogonal_whatever_the_mixing():
    D = theory.linear_optimum(theory.mixing(0.9, n=4), 0.3, 0.3, 1.0, 2).decoder
    gram = D.T @ D
    assert abs(gram[0, 1]) < 1e-12 < min(np.diag(gram))


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5])
def test_a_learned_eta_is_the_best_one(beta):
    A, sigma = WORLDS["three of five"]
    exact = theory.linear_optimum(A, sigma, None, beta, 3)
    for eta in np.linspace(0.2, 3, 300):
        fixed = theory.linear_optimum(A, sigma, eta, beta, 3)
        assert fixed.objective <= exact.objective + 1e-9
    if beta == 1:  # probabilistic PCA
        assert exact.eta == pytest.approx(sigma)


def test_latents_beyond_the_dimensions_of_the_data_are_collapsed():
    A, sigma, eta, beta = theory.mixing(0.6), 0.5, 0.4, 1.2
    two = theory.linear_optimum(A, sigma, eta, beta, 2)
    four = theory.linear_optimum(A, sigma, eta, beta, 4)
    assert four.decoder.shape == (2, 4)
    assert four.encoder.shape == (4, 2)
    assert (four.decoder[:, 2:] == 0).all()
    assert (four.encoder[2:] == 0).all()
    assert (four.variances[2:] == 1).all()
    assert (four.rates[2:] == 0).all()
    for name in ("objective", "rate", "distortion", "active_latents"):
        assert getattr(four, name) == pytest.approx(getattr(two, name))

    def loss(x):
        D, W = x[:8].reshape(2, 4), x[8:16].reshape(4, 2)
        return -elbo(A, sigma, D, W, np.exp(x[16:]), eta, beta)[0]

    rng = np.random.default_rng(0)
    best = min(minimize(loss, rng.normal(0, 0.5, 20)).fun for _ in range(3))
    assert -best == pytest.approx(four.objective, rel=1e-5)
    assert theory.linear_optimum(A, sigma, None, 1.5, 4).eta == pytest.approx(
        theory.linear_optimum(A, sigma, None, 1.5, 2).eta
    )


@pytest.mark.parametrize("scale", [1e-150, 1e-3, 1e150])
@pytest.mark.parametrize("eta", [0.4, None])
def test_the_unit_of_data_and_noise_does_not_matter(scale, eta):
    A, sigma = WORLDS["three of five"]
    one = theory.linear_optimum(A, sigma, eta, 1.2, 3)
    scaled = None if eta is None else eta * scale
    other = theory.linear_optimum(A * scale, sigma * scale, scaled, 1.2, 3)
    assert other.eta == pytest.approx(one.eta * scale)
    assert other.rates == pytest.approx(one.rates)
    assert other.collapse_betas == pytest.approx(one.collapse_betas)
    assert np.abs(other.decoder) == pytest.approx(np.abs(one.decoder) * scale)
    assert np.abs(other.encoder) == pytest.approx(np.abs(one.encoder) / scale)
    # A density of five dimensions in another unit.
    assert other.objective == pytest.approx(one.objective - 5 * np.log(scale))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda A: theory.linear_optimum(A, 1, 1, 1, 0), "n_latents must be a whole"),
        (lambda A: theory.linear_optimum(A, 1, 1, 1, 2.0), "n_latents must be a whole"),
        (lambda A: theory.linear_optimum(A, 1, None, 0.5, 2), "without bound"),
        (lambda A: theory.linear_optimum(A * 1e200, 1e200, 1e200, 1, 2), "too large"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theory.mixing(0.5))


@pytest.mark.parametrize("sigma", [1e-3, 1e-7, 1e-10, 1e-14])
@pytest.mark.parametrize("latents", [2, 3])
def test_noise_far_below_the_data_is_not_lost(sigma, latents):
    """What is left of the data then is noise alone, of σ² in each dimension."""
    A = np.random.default_rng(0).normal(size=(5, 2))
    best = theory.linear_optimum(A, sigma, sigma, 1.0, latents)
    assert best.distortion / sigma**2 == pytest.approx(5, rel=1e-9)
    assert best.collapse_betas[2:] == pytest.approx([1] * (latents - 2))
    learned = theory.linear_optimum(A, sigma, None, 1.0, 2)
    assert learned.eta == pytest.approx(sigma, rel=1e-9)

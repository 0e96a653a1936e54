"""The best β against known limits."""

import numpy as np
import pytest
from disentangle.theory.worlds import worlds

from tfrwc.disentangle import theory


@worlds
def test_a_full_encoder_at_beta_one_is_the_true_posterior(world):
    A, sigma = world
    found = theory.inference_performance(A, sigma, 1.0, encoder="full")
    assert found["kl_qp"] == pytest.approx(0, abs=1e-12)
    assert found["kl_pq"] == pytest.approx(0, abs=1e-12)
    for measure in ("log_q", "mse", "kl_qp", "kl_pq"):
        best = theory.optimal_beta(A, sigma, measure, encoder="full")
        assert best.beta == pytest.approx(1, abs=1e-5), measure


@pytest.mark.parametrize("cosine", [0.0, 0.3, 0.6, 0.9])
def test_the_optimum_of_inference_is_finite_and_not_at_one(cosine):
    A = theory.mixing(cosine)
    best = theory.optimal_beta(A, 0.3)
    far = theory.inference_performance(A, 0.3, 1e6)["log_q"]
    assert best.value > far
    if cosine:
        assert 1 < best.beta < theory.variance_inflation(A)
    else:
        assert best.beta == pytest.approx(1, abs=1e-5)
    tiny = theory.optimal_beta(A, 1e-3)
    assert tiny.beta == pytest.approx(1 / (1 - cosine**2), rel=1e-3)
    for measure in ("mse", "kl_qp"):
        best = theory.optimal_beta(A, 0.3, measure)
        assert best.beta == pytest.approx(1, abs=1e-5)
    assert theory.optimal_beta(A, 0.3, "mutual_information").beta == 0


def test_another_eta_moves_all_optima():
    A = theory.mixing(0.6)
    one = theory.optimal_beta(A, 0.5).beta
    other = theory.optimal_beta(A, 0.5, eta=0.25).beta
    assert other == pytest.approx(4 * one, rel=1e-5)


@pytest.mark.parametrize("eta", [1e-3, 100.0])
def test_the_optimum_is_found_however_far_eta_is_from_sigma(eta):
    A = theory.mixing(0.6)
    for measure in ("log_q", "mse", "kl_pq"):
        one = theory.optimal_beta(A, 0.5, measure)
        other = theory.optimal_beta(A, 0.5, measure, eta)
        assert other.beta == pytest.approx(one.beta * (0.5 / eta) ** 2, rel=1e-5)
        assert other.value == pytest.approx(one.value)


@pytest.mark.parametrize(
    ("A", "sigma"),
    [
        (theory.mixing(0.9999), 1e-3),
        (np.ones((2, 2)), 1e-2),  # of rank one
        (np.random.default_rng(0).normal(size=(2, 4)), 1e-2),  # more factors than data
    ],
)
def test_a_finite_optimum_far_above_one_is_found(A, sigma):
    """The infinite β, to which F falls, is not the best."""
    best = theory.optimal_beta(A, sigma)
    assert 1024 < best.beta < np.inf
    betas = 10.0 ** np.linspace(-3, 9, 200)
    assert best.value >= theory.table(A, sigma, betas)["log_q"].max()
    assert best.value > theory.inference_performance(A, sigma, 1e12)["log_q"] + 1e-4


def test_all_local_optima_are_reported():
    """Two for log_q, where one direction of the data is 20,000 times the other."""
    A, sigma = theory.mixing(0.9999), 1e-3
    best = theory.optimal_beta(A, sigma)
    assert len(best.local) == 2
    assert best.beta == max(best.local)
    for beta in best.local:
        near = theory.table(A, sigma, beta * np.array([0.98, 1.0, 1.02]))["log_q"]
        assert near.idxmax() == 1


def test_rounding_makes_no_local_optima():
    """Below the least eigenvalue a measure is flat but for rounding."""
    rng = np.random.default_rng(2)
    for _ in range(3):
        A = rng.normal(size=(4, 5))
        best = theory.optimal_beta(A, 0.01, "mse")
        assert best.local == (best.beta,)
        assert best.beta == pytest.approx(1, abs=0.01)


def test_latents_are_independent_at_the_right_beta():
    """Of two latents given s where w² is the product of the eigenvalues of G."""
    A, sigma = theory.mixing(0.6), 0.5
    given_s = theory.optimal_beta(A, sigma, "conditional_total_correlation")
    assert given_s.beta == pytest.approx(np.sqrt(1.6 * 0.4) / sigma**2, rel=1e-4)
    assert given_s.value == pytest.approx(0, abs=1e-9)
    assert theory.optimal_beta(A, sigma, "distortion").beta == 0
    assert theory.optimal_beta(A, sigma, "marginal_information").beta == 0


@pytest.mark.parametrize("A", [np.ones((2, 2)), np.ones((1, 3)), np.zeros((2, 2))])
def test_variance_inflation_has_no_limit_where_columns_are_dependent(A):
    assert theory.variance_inflation(A) == np.inf


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda A: theory.optimal_beta(A, 1, "mig"), "one of log_q, mse"),
        (lambda A: theory.optimal_beta(A, 1, "rate"), "one of log_q, mse"),
        (lambda A: theory.variance_inflation(A[0]), "finite matrix"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theory.mixing(0.5))

"""The best β against known limits."""

import itertools

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


def test_nearly_parallel_columns_have_a_finite_optimum():
    """However bad the worst β are: F falls without bound as β goes to 0."""
    best = theory.optimal_beta(theory.mixing(0.9999), 0.5)
    assert best.beta == pytest.approx(3.723, abs=1e-3)
    assert best.value == pytest.approx(-1.155104, abs=1e-6)


SCALES = (1e-200, 1e-100, 1e-10, 1e10, 1e100, 1e200)


@pytest.mark.parametrize(
    ("scale", "measure"),
    [*itertools.product(SCALES, ["log_q", "kl_pq"]), (1e-200, "gap"), (1e200, "gap")],
)
def test_the_unit_of_data_and_noise_does_not_matter(scale, measure):
    A = np.array([[1.0, 0.6, 0.1], [0.0, 0.8, 2.0], [0.3, 0.0, 1.0]])
    one = theory.optimal_beta(A, 0.5, measure)
    other = theory.optimal_beta(A * scale, 0.5 * scale, measure)
    assert other.beta == pytest.approx(one.beta, rel=1e-6)
    assert other.value == pytest.approx(one.value, rel=1e-9)


@pytest.mark.parametrize("scale", SCALES)
def test_mixings_far_from_the_noise(scale):
    """The limits: β = 1 as A / σ goes to 0, the variance inflation as it grows."""
    A = theory.mixing(0.6)
    assert theory.variance_inflation(A * scale) == pytest.approx(1 / (1 - 0.36))
    if scale in (1e-200, 1e200):
        with pytest.raises(ValueError, match=r"within 1e-140 and 1e140 times sigma"):
            theory.optimal_beta(A * scale, 0.5)
        return
    limit = 1.0 if scale < 1 else theory.variance_inflation(A)
    for measure in ("log_q", "kl_pq"):
        best = theory.optimal_beta(A * scale, 0.5, measure)
        assert best.beta == pytest.approx(limit, rel=1e-9)
        assert best.local == (best.beta,)


@pytest.mark.parametrize("condition", [1e4, 1e7])
def test_variance_inflation_of_a_bad_condition(condition):
    """Of two columns (1, ±1/c): (c + 1/c)² / 4."""
    A = [[1, 1], [1 / condition, -1 / condition]]
    expected = (condition + 1 / condition) ** 2 / 4
    assert theory.variance_inflation(A) == pytest.approx(expected, rel=1e-7)
    best = theory.optimal_beta(A, 1e-14 / condition**2)
    assert best.beta == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("encoder", theory.ENCODERS)
def test_what_is_known_without_a_search_is_found_by_one(encoder):
    """Also that of the sign of the slope of log_q."""
    A, sigma, eta = np.random.default_rng(8).normal(size=(4, 3)), 0.4, 0.7
    betas = (sigma / eta) ** 2 * 2.0 ** np.linspace(-3, 6, 801)
    rows = theory.table(A, sigma, betas, eta, encoder)
    for measure in ("mse", "kl_qp", "log_q", "kl_pq"):
        worse = rows[measure] * (-1 if measure == "log_q" else 1)
        best = theory.optimal_beta(A, sigma, measure, eta, encoder)
        assert best.beta == pytest.approx(rows.beta[worse.idxmin()], rel=1e-2), measure


def test_all_local_optima_are_reported():
    """Two for log_q, where one direction of the data is 20,000 times the other."""
    A, sigma = theory.mixing(0.9999), 1e-3
    best = theory.optimal_beta(A, sigma)
    assert len(best.local) == 2
    assert best.beta == max(best.local)
    for beta in best.local:
        near = theory.table(A, sigma, beta * np.array([0.98, 1.0, 1.02]))["log_q"]
        assert near.idxmax() == 1


@pytest.mark.parametrize(
    ("A", "measure", "encoder"),
    [
        (theory.mixing(0.0), "aggregate_total_correlation", "diagonal"),
        (theory.mixing(0.0), "conditional_total_correlation", "diagonal"),
        ([[1.0]], "aggregate_total_correlation", "diagonal"),
        (np.ones((2, 2)), "gap", "diagonal"),
        (np.ones((2, 2)), "gap", "full"),
        (np.ones((1, 3)), "gap", "full"),
    ],
)
@pytest.mark.parametrize("sigma", [1e-3, 0.5, 20.0])
def test_a_measure_that_is_always_the_same_has_no_best_beta(A, measure, encoder, sigma):
    with pytest.raises(ValueError, match="is the same at every beta"):
        theory.optimal_beta(A, sigma, measure, encoder=encoder)


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
        (lambda A: theory.optimal_beta(A, 1, encoder="x"), "'x'"),
        (lambda A: theory.optimal_beta(0 * A, 1), "only zeros"),
        (lambda A: theory.optimal_beta(A, 1, eta=1e150), "A and eta must be within"),
        (
            lambda A: theory.optimal_beta(np.ones((2, 2)), 1e-120, eta=1e-200),
            "best beta is e",
        ),
        (lambda A: theory.optimal_beta(A * 1e200, 1e200, "distortion"), "too large"),
        (lambda A: theory.inference_performance(A, 1e-130, 1e-200), "not hold log_q"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theory.mixing(0.5))

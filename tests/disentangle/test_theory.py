"""The exact β-VAE against Monte Carlo, direct optimisation and known limits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tfrwc.disentangle import theory

WORLDS = {
    "orthogonal": (theory.mixing(0.0), 0.5),
    "cosine 0.6": (theory.mixing(0.6), 0.5),
    "cosine 0.9": (theory.mixing(0.9), 0.3),
    "three of five": (np.random.default_rng(0).normal(size=(5, 3)), 0.7),
    "one": (np.array([[1.0], [0.5]]), 0.4),
}
worlds = pytest.mark.parametrize("world", list(WORLDS.values()), ids=list(WORLDS))


def elbo(A, sigma, D, W, v, eta, beta):
    """The objective, written out for any linear model with a diagonal encoder."""
    n = len(A)
    S = A @ A.T + sigma**2 * np.eye(n)
    residual = np.eye(n) - D @ W
    distortion = np.trace(residual @ S @ residual.T) + (D**2 @ v).sum()
    rate = 0.5 * (v.sum() + np.trace(W @ S @ W.T) - len(v) - np.log(v).sum())
    likelihood = -0.5 * (n * np.log(2 * np.pi * eta**2) + distortion / eta**2)
    return likelihood - beta * rate, distortion, rate


def best_encoder(A, sigma, eta, beta):
    """W and v by gradient-free-of-theory optimisation of the objective."""
    n, k = A.shape

    def split(x):
        return x[: k * n].reshape(k, n), np.exp(x[k * n :])

    def loss(x):
        W, v = split(x)
        return -elbo(A, sigma, A, W, v, eta, beta)[0]

    return split(minimize(loss, np.zeros(k * n + k), tol=1e-12).x)


@worlds
@pytest.mark.parametrize(("beta", "eta"), [(0.5, None), (2.0, None), (3.0, 0.6)])
def test_the_encoder_is_the_best_one(world, beta, eta):
    A, sigma = world
    W, v = best_encoder(A, sigma, eta or sigma, beta)
    expected = theory._measures(A, sigma, W, np.diag(v))
    found = theory.inference_performance(A, sigma, beta, eta)
    for name, value in found.items():
        assert value == pytest.approx(expected[name], rel=1e-3, abs=1e-4), name


def informations(s, z):
    """Of all pairs and of all together, and total correlation of z, in nats: from the
    sample covariance of (s, z)."""
    k = s.shape[1]
    J = np.cov(np.hstack([s, z]).T)

    def entropy(*index):
        return np.linalg.slogdet(J[np.ix_(index, index)])[1] / 2

    pairs = [
        [entropy(j) + entropy(k + i) - entropy(j, k + i) for j in range(k)]
        for i in range(k)
    ]
    of_s, of_z = range(k), range(k, 2 * k)
    together = entropy(*of_s) + entropy(*of_z) - entropy(*of_s, *of_z)
    return np.array(pairs), together, sum(map(entropy, of_z)) - entropy(*of_z)


@pytest.mark.parametrize("encoder", theory.ENCODERS)
@pytest.mark.parametrize(
    "world",
    [*WORLDS.values(), (np.random.default_rng(3).normal(size=(2, 3)), 0.4)],
    ids=[*WORLDS, "three in two"],
)
def test_informations_against_monte_carlo(world, encoder):
    """Of encoders found without the theory, with η other than σ.

    200,000 draws: the deviation of an information between Gaussians is below |ρ| / 447,
    and a gap is a difference of two; 0.01 is four of these.
    """
    A, sigma = world
    (n, k), beta, eta, draws = A.shape, 0.8, 1.5 * sigma, 200_000
    w = beta * eta**2
    W = A.T @ np.linalg.inv(A @ A.T + w * np.eye(n))  # ridge regression, the dual form
    V = np.linalg.inv(np.eye(k) + A.T @ A / w)
    if encoder == "diagonal":
        V = np.diag(1 / np.diag(np.linalg.inv(V)))
    rng = np.random.default_rng(4)
    s = rng.normal(size=(draws, k))
    x = s @ A.T + sigma * rng.normal(size=(draws, n))
    z = x @ W.T + rng.multivariate_normal(np.zeros(k), V, draws)
    pairs, together, correlation = informations(s, z)
    ordered = np.sort(pairs, axis=0)
    gaps = ordered[-1] - (ordered[-2] if k > 1 else 0)
    given_s = z - s @ np.linalg.lstsq(s, z, rcond=None)[0]
    found = theory.inference_performance(A, sigma, beta, eta, encoder)
    expected = {
        "mutual_information": together / k,
        "marginal_information": np.trace(pairs) / k,
        "gap": gaps.mean(),
        "aggregate_total_correlation": correlation,
        "conditional_total_correlation": informations(s, given_s)[2],
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=0.01)
    active = ((x @ W.T).var(axis=0) > 0.01).sum()
    assert found["active_latents"] == active


@worlds
@pytest.mark.parametrize("encoder", theory.ENCODERS)
def test_measures_against_monte_carlo(world, encoder):
    """200,000 draws; 6 standard errors: below 1e-6 to fail by chance in all."""
    A, sigma = world
    (n, k), beta, draws = A.shape, 1.7, 200_000
    rng = np.random.default_rng(1)
    s = rng.normal(size=(draws, k))
    x = s @ A.T + sigma * rng.normal(size=(draws, n))
    w = beta * sigma**2
    G = A.T @ A
    W = np.linalg.inv(G + w * np.eye(k)) @ A.T
    V = (
        np.linalg.inv(np.eye(k) + G / w)
        if encoder == "full"
        else np.diag(1 / (1 + np.diag(G) / w))
    )
    mean = x @ W.T
    z = mean + rng.multivariate_normal(np.zeros(k), V, draws)
    C = np.linalg.inv(np.eye(k) + G / sigma**2)
    q = multivariate_normal(np.zeros(k), V, allow_singular=False)
    p = multivariate_normal(np.zeros(k), C)
    true_mean = x @ A @ C.T / sigma**2
    log_q_z = q.logpdf(z - mean).reshape(-1)
    aggregate = multivariate_normal(np.zeros(k), np.cov(z.T).reshape(k, k))
    noise = np.cov((z - s @ A.T @ W.T).T).reshape(k, k)
    given_s = multivariate_normal(np.zeros(k), noise)
    samples = {
        "log_q": q.logpdf(s - mean) / k,
        "mse": ((s - mean) ** 2).mean(axis=1),
        "kl_qp": (log_q_z - p.logpdf(z - true_mean)) / k,
        "kl_pq": (p.logpdf(s - true_mean) - q.logpdf(s - mean)) / k,
        "mutual_information": (given_s.logpdf(z - s @ A.T @ W.T) - aggregate.logpdf(z))
        / k,
        "rate": log_q_z
        - multivariate_normal(np.zeros(k), np.eye(k)).logpdf(z).reshape(-1),
        "distortion": ((x - z @ A.T) ** 2).sum(axis=1),
    }
    found = theory.inference_performance(A, sigma, beta, encoder=encoder)
    for name, sample in samples.items():
        error = sample.std() / np.sqrt(draws)
        assert abs(sample.mean() - found[name]) < 6 * error + 1e-4, name


@worlds
def test_a_full_encoder_at_beta_one_is_the_true_posterior(world):
    A, sigma = world
    found = theory.inference_performance(A, sigma, 1.0, encoder="full")
    assert found["kl_qp"] == pytest.approx(0, abs=1e-12)
    assert found["kl_pq"] == pytest.approx(0, abs=1e-12)
    for measure in ("log_q", "mse", "kl_qp", "kl_pq"):
        best = theory.optimal_beta(A, sigma, measure, encoder="full")
        assert best.beta == pytest.approx(1, abs=1e-5), measure


@worlds
def test_error_of_the_mean_and_slope_at_one(world):
    """The formulas of e_i(β) and F'(1), by the eigenvectors of R = G / σ²."""
    A, sigma = world
    k = A.shape[1]
    R = A.T @ A / sigma**2
    r, U = np.linalg.eigh(R)
    for beta in (0.3, 1.0, 5.0):
        e = (U**2 @ ((beta**2 + r) / (beta + r) ** 2)).mean()
        found = theory.inference_performance(A, sigma, beta)
        assert found["mse"] == pytest.approx(e, rel=1e-10)
    step = 1e-5
    slope = (
        theory.inference_performance(A, sigma, 1 + step)["log_q"]
        - theory.inference_performance(A, sigma, 1 - step)["log_q"]
    ) / (2 * step)
    g, L = np.diag(R), np.eye(k) + R
    expected = (g / (1 + g) * (np.diag(np.linalg.inv(L)) * np.diag(L) - 1)).mean() / 2
    assert slope == pytest.approx(expected, abs=1e-7)


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


def test_numbers_of_any_kind():
    expected = theory.inference_performance([[1, 0.6], [0, 0.8]], 1.0, 2.0, 1.5)
    for kind in (np.float32, np.float64, np.array):
        found = theory.inference_performance(
            theory.mixing(0.6), kind(1), kind(2), kind(1.5)
        )
        assert found == pytest.approx(expected)
    assert theory.inference_performance(theory.mixing(0.6), 1, 2, 1.5) == expected


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 2.0), st.floats(0.2, 20.0))
def test_what_must_hold_in_any_world(seed, sigma, beta):
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(rng.integers(2, 6), rng.integers(1, 4)))
    found = theory.inference_performance(A, sigma, beta)
    assert found["kl_qp"] >= -1e-9
    assert found["kl_pq"] >= -1e-9
    assert found["aggregate_total_correlation"] >= -1e-9
    assert found["conditional_total_correlation"] >= -1e-9
    assert found["mutual_information"] * A.shape[1] <= found["rate"] + 1e-9
    more = theory.inference_performance(A, sigma, beta * 1.1)
    assert more["mutual_information"] <= found["mutual_information"] + 1e-9


# A learned decoder


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


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda A: theory.inference_performance(A, -1, 1), "sigma must be above 0"),
        (lambda A: theory.inference_performance(A, "1", 1), "Received: '1'"),
        (lambda A: theory.inference_performance(A, 1, [1, 2]), "one number"),
        (lambda A: theory.inference_performance(A, 1, 0), "beta must be above 0"),
        (lambda A: theory.inference_performance(A, 1, 1, eta=0), "eta must be"),
        (lambda A: theory.inference_performance(A[0], 1, 1), "finite matrix"),
        (lambda A: theory.inference_performance(A, 1, 1, encoder="x"), "'x'"),
        (lambda A: theory.optimal_beta(A, 1, "mig"), "one of log_q, mse"),
        (lambda A: theory.optimal_beta(A, 1, "rate"), "one of log_q, mse"),
        (lambda A: theory.linear_optimum(A, 1, 1, 1, 0), "n_latents must be a whole"),
        (lambda A: theory.linear_optimum(A, 1, 1, 1, 2.0), "n_latents must be a whole"),
        (lambda A: theory.linear_optimum(A, 1, None, 0.5, 2), "without bound"),
        (lambda A: theory.variance_inflation(A[0]), "finite matrix"),
        (lambda A: theory.mixing(1.0), "-1 < cosine < 1"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theory.mixing(0.5))


def test_a_table_over_betas():
    A = theory.mixing(0.6)
    table = theory.table(A, 0.5, [0.5, 1.0, 2.0])
    assert table["beta"].tolist() == [0.5, 1.0, 2.0]
    one = theory.inference_performance(A, 0.5, 1.0)
    assert table.iloc[1].drop("beta").to_dict() == pytest.approx(one)

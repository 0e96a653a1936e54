"""How well the best encoder infers, against Monte Carlo and optimisation."""

import numpy as np
import pytest
from disentangle.theory.worlds import WORLDS, elbo, measures, worlds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tfrwc.disentangle import theory
from tfrwc.disentangle.theory.spectrum import log_q, spectrum


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
    expected = measures(A, sigma, W, np.diag(v))
    found = theory.inference_performance(A, sigma, beta, eta)
    for name, value in found.items():
        assert value == pytest.approx(expected[name], rel=1e-3, abs=1e-4), name


@worlds
def test_the_inference_performance_alone(world):
    A, sigma = world
    betas = 2.0 ** np.arange(-3, 7)
    alone = log_q(spectrum(A, sigma), betas)
    np.testing.assert_allclose(alone, theory.table(A, sigma, betas).log_q, rtol=1e-12)


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


def test_a_table_over_betas():
    A = theory.mixing(0.6)
    table = theory.table(A, 0.5, [0.5, 1.0, 2.0])
    assert table["beta"].tolist() == [0.5, 1.0, 2.0]
    one = theory.inference_performance(A, 0.5, 1.0)
    assert table.iloc[1].drop("beta").to_dict() == pytest.approx(one)


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
        (lambda A: theory.mixing(1.0), "-1 < cosine < 1"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(theory.mixing(0.5))

"""The nonlinear β-VAE against linear theory, direct optimisation and Monte Carlo."""

import numpy as np
import pytest
from conftest import slow_but
from scipy.optimize import minimize

from tfrwc.datasets import mixing
from tfrwc.disentangle import nonlinear, theory
from tfrwc.disentangle.nonlinear import ideal_encoder as encoder_module
from tfrwc.disentangle.nonlinear import optimum, world
from tfrwc.disentangle.nonlinear.ideal_encoder import ideal_encoder, kl, lattice

TANH = mixing.tanh(theory.mixing(0.6))
WORLDS = {
    "tanh": TANH,
    "sum_and_squares": mixing.sum_and_squares(),
    "product": mixing.product(0.3),
}
worlds = pytest.mark.parametrize("f", WORLDS.values(), ids=WORLDS)
SIGMA = 0.3


@pytest.mark.parametrize("cosine", slow_but([0.6], [0.0, 0.6, 0.9]))
@pytest.mark.parametrize(("beta", "eta"), [(0.5, None), (2.0, None), (2.0, 0.5)])
def test_a_linear_world_is_that_of_the_theory(cosine, beta, eta):
    A = theory.mixing(cosine)
    expected = theory.inference_performance(A, SIGMA, beta, eta)
    found = nonlinear.inference_performance(mixing.linear(A), SIGMA, beta, eta)
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=1e-4), name


def objective(f, x, w):
    """Of (m, log v), by the trapezoidal rule on a dense grid."""
    axis = np.linspace(-7, 7, 57)
    epsilon = np.stack(np.meshgrid(axis, axis), -1)
    density = np.exp(-(epsilon**2).sum(-1) / 2)
    density /= density.sum()

    def value(t):
        z = t[:2] + np.exp(t[2:] / 2) * epsilon
        return (density * ((x - f(z)) ** 2).sum(-1)).sum() / (2 * w) + kl(t[:2], t[2:])

    return value


@worlds
@pytest.mark.parametrize("beta", slow_but([1.0], [0.5, 1.0, 4.0]))
def test_no_start_leads_to_a_better_encoder(f, beta):
    """8 starts at each of 4 data."""
    rng = np.random.default_rng(0)
    w = beta * SIGMA**2
    _, x = mixing.sample(f, SIGMA, 4, seed=1)
    m, log_v, distortion = ideal_encoder(f, x, w, np.zeros((4, 4)), lattice(f))
    for i in range(4):
        value = objective(f, x[i], w)
        found = np.concatenate([m[i], log_v[i]])
        expected = distortion[i] / (2 * w) + kl(m[i], log_v[i])
        assert value(found) == pytest.approx(expected, abs=1e-4)
        starts = np.concatenate([rng.normal(size=(8, 2)), -3 * rng.random((8, 2))], 1)
        best = min(
            minimize(value, start, bounds=[(-6, 6)] * 2 + [(-9, 2)] * 2).fun
            for start in starts
        )
        assert value(found) < best + 1e-4


@pytest.fixture
def coarser(monkeypatch):
    """A grid of x with a third of the points, where what is tested needs no more."""
    monkeypatch.setattr(world, "_STEP", 0.6)


@pytest.mark.parametrize("kind", slow_but(["tanh", "product"], WORLDS))
@pytest.mark.usefixtures("coarser")
def test_measures_against_monte_carlo(kind):
    """4,000 draws; 6 standard errors: below 1e-6 to fail by chance in all."""
    f, beta, eta = WORLDS[kind], 3.0, 0.4
    s, x = (a.astype(np.float64) for a in mixing.sample(f, SIGMA, 4000, seed=2))
    guess = np.zeros((4000, 4))
    m, log_v, _ = ideal_encoder(f, x, beta * eta**2, guess, lattice(f))
    z = m + np.exp(log_v / 2) * np.random.default_rng(3).normal(size=m.shape)
    error = (s - m) ** 2
    log_q = -0.5 * (np.log(2 * np.pi) + log_v + error * np.exp(-log_v))
    samples = {
        "log_q": log_q.mean(axis=1),
        "mse": error.mean(axis=1),
        "rate": kl(m, log_v),
        "distortion": ((x - f(z)) ** 2).sum(axis=1),
    }
    found = nonlinear.inference_performance(f, SIGMA, beta, eta)
    for name, sample in samples.items():
        assert abs(sample.mean() - found[name]) < 6 * sample.std() / 4000**0.5, name


@pytest.mark.parametrize(
    ("name", "beta"),
    [
        pytest.param("tanh", 0.5, marks=pytest.mark.slow),
        ("tanh", 1.4),
        pytest.param("tanh", 8.0, marks=pytest.mark.slow),
        ("product", 4.0),
        pytest.param("product", 27.0, marks=pytest.mark.slow),
        pytest.param("sum_and_squares", 3.5, marks=pytest.mark.slow),
    ],
)
def test_finer_grids_change_little(name, beta, monkeypatch):
    before = nonlinear.inference_performance(WORLDS[name], SIGMA, beta)
    monkeypatch.setattr(world, "_STEP", 0.23)
    monkeypatch.setattr(world, "_JUMP", 0.6)
    monkeypatch.setattr(world, "_DROPPED", 1e-7)
    monkeypatch.setattr(encoder_module, "_NODES", 24)
    after = nonlinear.inference_performance(WORLDS[name], SIGMA, beta)
    assert after == pytest.approx(before, abs=1e-3)


@pytest.mark.usefixtures("coarser")
def test_kl_qp_is_the_objective_at_one():
    """Whatever f, so that β = 1 is best; and by the envelope theorem the derivative of
    the objective by 1 / 2w is the distortion."""
    betas = np.array([0.98, 0.99, 1.0, 1.01, 1.02])
    table = nonlinear.table(WORLDS["product"], SIGMA, betas)
    assert table["beta"].tolist() == betas.tolist()
    assert table["kl_qp"].idxmin() == 2
    half = 1 / (2 * betas * SIGMA**2)
    value = table["distortion"] * half + table["rate"]
    slope = (value[1] - value[3]) / (half[1] - half[3])
    assert slope == pytest.approx(table["distortion"][2], rel=1e-4)
    one = nonlinear.inference_performance(WORLDS["product"], SIGMA, 1.0)
    assert table.iloc[2].drop("beta").to_dict() == pytest.approx(one)
    best = nonlinear.optimal_beta(TANH, SIGMA, "kl_qp", betas=[0.5, 1.1, 2])
    assert best.beta == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("name", "beta"),
    [
        ("tanh", 1.38),
        pytest.param("product", 27.5, marks=pytest.mark.slow),
        pytest.param("sum_and_squares", 3.40, marks=pytest.mark.slow),
    ],
)
def test_the_optimum_of_inference_is_finite_and_above_one(name, beta):
    betas = 2.0 ** np.arange(-1, 7.5, 1)
    best = nonlinear.optimal_beta(WORLDS[name], SIGMA, betas=betas)
    assert best.beta == pytest.approx(beta, rel=0.01)
    assert best.local == (best.beta,)


@pytest.mark.usefixtures("coarser")
def test_independent_posteriors_that_are_not_gaussian_have_an_optimum_above_one():
    f = mixing.tanh(theory.mixing(0.0))
    best = nonlinear.optimal_beta(f, SIGMA, betas=[0.5, 1, 2, 4])
    assert best.beta == pytest.approx(1.26, rel=0.01)


@pytest.mark.slow
def test_the_optimum_of_a_linear_world_and_of_another_eta():
    A = theory.mixing(0.6)
    best = nonlinear.optimal_beta(mixing.linear(A), 0.5, betas=[0.5, 1, 2, 4])
    expected = theory.optimal_beta(A, 0.5)
    assert best.beta == pytest.approx(expected.beta, rel=0.01)
    assert best.value == pytest.approx(expected.value, abs=1e-4)
    one = nonlinear.optimal_beta(TANH, 0.5, betas=[0.5, 1, 2, 4])
    other = nonlinear.optimal_beta(TANH, 0.5, betas=[2, 4, 8, 16], eta=0.25)
    assert other.beta == pytest.approx(4 * one.beta, rel=0.01)


@pytest.mark.usefixtures("coarser")
def test_the_default_betas_follow_eta(monkeypatch):
    monkeypatch.setattr(optimum, "_BETAS", np.array([0.5, 1, 2, 4]))
    one = nonlinear.optimal_beta(TANH, 0.5)
    other = nonlinear.optimal_beta(TANH, 0.5, eta=0.005)
    assert other.beta == pytest.approx(1e4 * one.beta, rel=0.01)


@pytest.mark.usefixtures("coarser")
def test_the_best_at_an_end():
    low = nonlinear.optimal_beta(TANH, SIGMA, betas=[0.25, 0.5, 0.7])
    assert low.beta == np.inf
    high = nonlinear.optimal_beta(TANH, SIGMA, betas=[4, 8, 16])
    assert high.beta == 0
    assert high.local == ()
    there = nonlinear.inference_performance(TANH, SIGMA, 4.0)
    assert high.value == pytest.approx(there["log_q"])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f: nonlinear.inference_performance(f, -1, 1), "sigma must be above 0"),
        (lambda f: nonlinear.inference_performance(f, 1, 0), "beta must be above 0"),
        (lambda f: nonlinear.inference_performance(f, 1, 1, eta=0), "eta must be"),
        (lambda f: nonlinear.inference_performance(np.sum, 1, 1), r"shape \(\)"),
        (lambda f: nonlinear.inference_performance(lambda s: s / 0, 1, 1), "finite"),
        (lambda f: nonlinear.inference_performance(f, 1e-4, 1), "sigma is too small"),
        (lambda f: nonlinear.table(f, 1, [1, np.nan]), "beta must be above 0"),
        (lambda f: nonlinear.optimal_beta(f, 1, "rate"), "one of log_q, mse"),
        (lambda f: nonlinear.optimal_beta(f, 1, betas=[2, 1, 3]), "ascending"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(TANH)


def test_a_grid_that_misses_probability_is_refused(monkeypatch):
    monkeypatch.setattr(world, "_STEP", 3.0)
    with pytest.raises(ValueError, match="must integrate to 1"):
        nonlinear.inference_performance(TANH, SIGMA, 1.0)


def test_a_constant_decoder_tells_nothing():
    found = nonlinear.inference_performance(np.zeros_like, SIGMA, 2.0)
    assert found["rate"] == pytest.approx(0, abs=1e-6)
    assert found["mse"] == pytest.approx(1, abs=1e-4)
    assert found["distortion"] == pytest.approx(2 * SIGMA**2, rel=1e-4)

"""What a β-VAE infers at each β where the decoder is not linear, by integration.

The world: two factors s ~ N(0, I) and data x = f(s) + σ ε in R². The decoder is the
true f, held fixed; the encoder is ideal: for each x, of all q(z|x) = N(m, diag v), the
one that maximises

    E_q log N(x; f(z), η² I) - β KL(q(z|x) || N(0, I)),

which only the water level w = β η² decides.

>>> from tfrwc.datasets import mixing
>>> from tfrwc.disentangle import nonlinear, theory
>>> f = mixing.tanh(theory.mixing(cosine=0.6))
>>> round(nonlinear.optimal_beta(f, sigma=0.3).beta, 2)
1.38

For a linear f all agrees with `theory.inference_performance`. Where the true posterior
has several modes, q takes the best of them, and log_q falls steeply below β = 1.
Here q is wrong in its shape as well as in its independence: with an orthogonal mixing
inside tanh the true posterior is independent, and the optimal β still above 1.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from tfrwc.disentangle._ideal_encoder import ideal_encoder, kl, lattice, means
from tfrwc.disentangle.theory import Optimum, positive

# Measures that have an optimum, and whether more is better.
_BETTER = {"log_q": 1, "mse": -1, "kl_qp": -1, "kl_pq": -1}
_BETAS = 2.0 ** np.arange(-3, 10.5, 0.5)  # where η = σ
_STEP = 1 / 3  # of the grid of x, in σ
_COARSE_STEP = 1.0  # where only the neighbourhood of an optimum is looked for
_JUMP = 1.0  # of f from a point of the grid of s to the next, in σ, at most
_DROPPED = 1e-6  # probability of the data left out, where p(x) is smallest
_MOST_POINTS = 4_000_000  # of a grid


def inference_performance(f, sigma, beta, eta=None) -> dict:
    """How well the ideal encoder infers s, with the true decoder f.

    Takes 10 s for a steep f (sum_and_squares at σ = 0.3), a second for a bounded one.

    Args:
        f: function of an array (..., 2) of factors to the means of the data, (..., 2);
            smooth, and finite everywhere. See `tfrwc.datasets.mixing`.
        sigma: standard deviation of the noise in the data.
        beta: weight of the divergence.
        eta: standard deviation of the decoder; None for the true one, sigma.

    Returns:
        Floats, in nats but for `mse` and `distortion`; the first four are per latent
        (the sum divided by 2), and as in `theory.inference_performance`:

        - log_q: E log q(s|x), the inference performance F(β);
        - mse: E (s - m)²;
        - kl_qp, kl_pq: divergence from and of the true posterior p(s|x);
        - rate: E KL(q(z|x) || N(0, I)); distortion: E |x - f(z)|².

    Raises:
        ValueError: if an argument is not as above, or sigma is too small beside the
            range of f for the grids.
    """
    sigma, eta = _check(sigma, [beta], eta)
    return _measures(_world(f, sigma, _STEP), beta * eta**2)


def table(f, sigma, betas, eta=None) -> pd.DataFrame:
    """`inference_performance` at several β: a row each, with a column beta."""
    sigma, eta = _check(sigma, betas, eta)
    world = _world(f, sigma, _STEP)
    return pd.DataFrame(
        [{"beta": beta} | _measures(world, beta * eta**2) for beta in betas]
    )


def optimal_beta(f, sigma, measure="log_q", betas=None, eta=None) -> Optimum:
    """The β at which a measure of `inference_performance` is best.

    A coarse integration at each of `betas` finds all local optima; each is refined
    to about 1 %. If a measure is best at an end, `beta` is 0 or infinity.

    Args:
        f, sigma, eta: as of `inference_performance`.
        measure: ``"log_q"``, ``"mse"``, ``"kl_qp"`` or ``"kl_pq"``.
        betas: three or more, ascending; None for 1/8 to 1024, times σ²/η².

    Raises:
        ValueError: for an unknown measure, or other arguments as above.
    """
    if measure not in _BETTER:
        raise ValueError(
            f"measure must be one of {', '.join(_BETTER)}. Received: {measure!r}."
        )
    sigma, eta = _check(sigma, [] if betas is None else betas, eta)
    betas = _BETAS * (sigma / eta) ** 2 if betas is None else betas
    if len(betas) < 3 or (np.diff(betas) <= 0).any():
        raise ValueError(
            f"betas must be three or more, ascending. Received: {list(betas)}."
        )
    coarse, fine = (_world(f, sigma, step) for step in (_COARSE_STEP, _STEP))

    def loss(log_beta, world):
        found = _measures(world, np.exp(log_beta) * eta**2)
        return -_BETTER[measure] * found[measure]

    grid = np.log(betas)
    losses = np.array([loss(x, coarse) for x in grid])
    inside = (losses[1:-1] < losses[:-2]) & (losses[1:-1] <= losses[2:])
    found = []
    for i in np.flatnonzero(inside) + 1:
        best = minimize_scalar(
            loss,
            args=(fine,),
            bounds=(grid[i - 1], grid[i + 1]),
            method="bounded",
            options={"xatol": 3e-3},
        )
        found.append((best.fun, float(np.exp(best.x))))
    ends = [(loss(grid[0], fine), 0.0), (loss(grid[-1], fine), np.inf)]
    value, beta = min(found + ends)
    return Optimum(
        measure, beta, float(-_BETTER[measure] * value), tuple(b for _, b in found)
    )


@dataclass(frozen=True, eq=False)
class _World:
    """What does not depend on β: N points x, their probabilities and posteriors."""

    f: object
    sigma: float
    x: np.ndarray  # (N, 2)
    weight: np.ndarray  # (N,), sums to 1
    mean: np.ndarray  # (N, 2), E[s|x]
    square: np.ndarray  # (N, 2), E[s²|x]
    log_p: float  # E log p(x)
    lattice: tuple


def _world(f, sigma, step):
    s = _grid(0.1)
    y = means(f, s)
    near = np.linalg.norm(s, axis=-1) < 4
    jump = max(
        np.linalg.norm(np.diff(y, axis=0), axis=-1)[near[1:]].max(),
        np.linalg.norm(np.diff(y, axis=1), axis=-1)[near[:, 1:]].max(),
    )
    spacing = 0.1 * min(1, _JUMP * sigma / jump) if jump > 0 else 0.1
    _check_points((12 / spacing) ** 2, sigma)
    s = _grid(spacing).reshape(-1, 2)
    y = means(f, s)
    prior = np.exp(-(s**2).sum(1) / 2)
    prior /= prior.sum()
    # Beyond |s|² = 28 is less than 1e-6 of the probability.
    inner = y[(s**2).sum(1) < 28]
    low, high = inner.min(0) - 5 * sigma, inner.max(0) + 5 * sigma
    _check_points(np.prod((high - low) / (step * sigma)), sigma)
    axes = [np.arange(a, b, step * sigma) for a, b in zip(low, high, strict=True)]
    # ∫ p(s) p(x|s) (1, s, s²) ds at all x: p(x|s) is a product of a Gaussian of x₁ and
    # one of x₂, so that the sums over s are products of matrices. In the order of the
    # first coordinate of f few x₁ are near any part of s.
    values = prior * np.stack([np.ones(len(s)), *s.T, *(s.T**2)])
    moments = np.zeros((5, len(axes[0]), len(axes[1])))
    order = np.argsort(y[:, 0])
    for part in np.array_split(order, len(order) // 1000):
        span = y[part[[0, -1]], 0] + 7 * sigma * np.array([-1, 1])
        rows = slice(*np.searchsorted(axes[0], span))
        first = _normal(axes[0][rows, None] - y[part, 0], sigma)
        second = _normal(y[part, 1, None] - axes[1], sigma)
        for moment, value in zip(moments, values[:, part], strict=True):
            moment[rows] += (first * value) @ second
    mass = moments[0].ravel() * (step * sigma) ** 2
    total = mass.sum()
    if not abs(total - 1) < 1e-4:
        raise ValueError(
            "p(x) must integrate to 1 on the grid of x. Received: a sum of "
            f"{total:.6f} with a step of {step} sigma. Use a smaller step."
        )
    order = np.argsort(mass)
    kept = np.sort(order[np.cumsum(mass[order]) > _DROPPED])
    density = moments[0].ravel()[kept]
    conditional = moments[1:].reshape(4, -1)[:, kept].T / density[:, None]
    weight = mass[kept] / mass[kept].sum()
    return _World(
        f=f,
        sigma=sigma,
        x=np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)[kept],
        weight=weight,
        mean=conditional[:, :2],
        square=conditional[:, 2:],
        log_p=float(weight @ np.log(density)),
        lattice=lattice(f),
    )


def _measures(world, w):
    variance = np.maximum(world.square - world.mean**2, 1e-6)
    posterior = np.concatenate([world.mean, np.log(variance)], axis=1)
    m, log_v, distortion = ideal_encoder(world.f, world.x, w, posterior, world.lattice)
    error = world.square - 2 * m * world.mean + m**2
    log_q = -0.5 * (np.log(2 * np.pi) + log_v + error * np.exp(-log_v)).sum(1)
    log_q = world.weight @ log_q
    rate = world.weight @ kl(m, log_v)
    distortion = world.weight @ distortion
    noise = 2 * np.pi * world.sigma**2
    # log p(s|x) = log p(s) + log p(x|s) - log p(x), under p and under q.
    under_p = -np.log(2 * np.pi * np.e) - np.log(noise * np.e) - world.log_p
    under_q = -distortion / (2 * world.sigma**2) - np.log(noise) - world.log_p
    return {
        "log_q": float(log_q / 2),
        "mse": float(world.weight @ error.sum(1) / 2),
        "kl_qp": float((rate - under_q) / 2),
        "kl_pq": float((under_p - log_q) / 2),
        "rate": float(rate),
        "distortion": float(distortion),
    }


def _grid(step):
    """Points of [-6, 6]², (n, n, 2)."""
    count = int(np.ceil(6 / step))
    axis = np.arange(-count, count + 1) * step
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)


def _normal(x, sigma):
    return np.exp(-((x / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))


def _check_points(count, sigma):
    if count > _MOST_POINTS:
        raise ValueError(
            "sigma is too small beside the range of f: a grid would have "
            f"{count:.1e} points, above {_MOST_POINTS:.0e}. Received: sigma={sigma}. "
            "Use a larger sigma or a less steep f."
        )


def _check(sigma, betas, eta):
    for beta in betas:
        positive("beta", beta)
    sigma = positive("sigma", sigma)
    return sigma, sigma if eta is None else positive("eta", eta)

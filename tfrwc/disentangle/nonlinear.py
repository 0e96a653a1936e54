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
1.43

For a linear f all agrees with `theory.inference_performance`. Where the true posterior
has several modes, q takes the best of them, and log_q falls steeply below β = 1.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from tfrwc.disentangle.theory import Optimum

# Measures that have an optimum, and whether more is better.
_BETTER = {"log_q": 1, "mse": -1, "kl_qp": -1, "kl_pq": -1}
_BETAS = tuple(2.0 ** np.arange(-3, 6.5, 0.5))
_STEP = 1 / 3  # of the grid of x, in σ
_COARSE_STEP = 1.0  # where only the neighbourhood of an optimum is looked for
_JUMP = 1.0  # of f from a point of the grid of s to the next, in σ, at most
_DROPPED = 1e-6  # probability of the data left out, where p(x) is smallest
_MOST_POINTS = 4_000_000  # of a grid
_NODES = 16  # Gauss-Hermite, per latent
_FEW_NODES = 6  # where only the best of several starts is looked for
# Orders (a, b) of the Hermite polynomials whose moments give all derivatives to the
# second: E h, then by m, then by v or m twice, and so on.
_ORDERS = [(a, b) for a in range(5) for b in range(5 - a)]


def inference_performance(f, sigma, beta, eta=None) -> dict:
    """How well the ideal encoder infers s, with the true decoder f.

    Seconds where f is steep beside σ (10 s for sum_and_squares at σ = 0.3), else less.

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


def optimal_beta(f, sigma, measure="log_q", betas=_BETAS, eta=None) -> Optimum:
    """The β at which a measure of `inference_performance` is best.

    A coarse integration at each of `betas` finds all local optima; each is refined
    to about 0.1 %. If a measure is best at an end, `beta` is 0 or infinity.

    Args:
        f, sigma, eta: as of `inference_performance`.
        measure: ``"log_q"``, ``"mse"``, ``"kl_qp"`` or ``"kl_pq"``.
        betas: three or more, ascending.

    Raises:
        ValueError: for an unknown measure, or other arguments as above.
    """
    if measure not in _BETTER:
        raise ValueError(
            f"measure must be one of {', '.join(_BETTER)}. Received: {measure!r}."
        )
    sigma, eta = _check(sigma, betas, eta)
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
            options={"xatol": 1e-3},
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
    lattice: tuple  # encoders (L, 4), and for each E f(z) (L, 2), E |f(z)|² (L,)


def _world(f, sigma, step):
    s = _grid(0.1)
    y = _means(f, s)
    near = np.linalg.norm(s, axis=-1) < 4
    jump = max(
        np.linalg.norm(np.diff(y, axis=0), axis=-1)[near[1:]].max(),
        np.linalg.norm(np.diff(y, axis=1), axis=-1)[near[:, 1:]].max(),
    )
    spacing = 0.1 * min(1, _JUMP * sigma / jump) if jump > 0 else 0.1
    _check_points((12 / spacing) ** 2, sigma)
    s = _grid(spacing).reshape(-1, 2)
    y = _means(f, s)
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
        lattice=_lattice(f),
    )


def _lattice(f):
    """Encoders (m, log v) everywhere, and what decides their objective at any x."""
    m, v = np.linspace(-3.6, 3.6, 25), np.array([0.02, 0.1, 0.4, 1.0])
    points = np.stack(np.meshgrid(m, m, v, v, indexing="ij"), -1).reshape(-1, 4)
    epsilon, hermite = _quadrature(_FEW_NODES)
    y = _means(f, points[:, None, :2] + np.sqrt(points[:, None, 2:]) * epsilon)
    weight = hermite[:, _ORDERS.index((0, 0))]
    points[:, 2:] = np.log(points[:, 2:])
    return points, weight @ y, (y**2).sum(-1) @ weight


def _measures(world, w):
    m, log_v, distortion = _encoder(world, w)
    error = world.square - 2 * m * world.mean + m**2
    log_q = -0.5 * (np.log(2 * np.pi) + log_v + error * np.exp(-log_v)).sum(1)
    log_q = world.weight @ log_q
    rate = world.weight @ _kl(m, log_v)
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


def _encoder(world, w):
    """m (N, 2), log v (N, 2), and E_q |x - f(z)|² (N,): the best of several starts."""
    f, x = world.f, world.x
    starts = _starts(world, w)
    values = np.empty(starts.shape[:2])
    for i, start in enumerate(starts):
        starts[i], values[i], _ = _newton(f, x, start, w, _FEW_NODES, 4, 1e-3)
    promising = values < values.min(0) + 3
    for i, go in enumerate(promising):
        starts[i, go], values[i, go], _ = _newton(
            f, x[go], starts[i, go], w, _FEW_NODES, 20, 1e-3
        )
    best = starts[values.argmin(0), np.arange(len(x))]
    best, _, distortion = _newton(f, x, best, w, _NODES, 50, 1e-8)
    return best[:, :2], best[:, 2:], distortion


def _starts(world, w):
    """(m, log v) of the posterior, and the best of the lattice in each quadrant of m:
    (5, N, 4)."""
    points, mean, square = world.lattice
    quadrant = (points[:, :2] > 0) @ [1, 2]
    # |x - f|² less |x|², which is the same for all.
    costs = np.column_stack(
        [-mean / w, square / (2 * w) + _kl(points[:, :2], points[:, 2:])]
    )
    variance = np.maximum(world.square - world.mean**2, 1e-6)
    starts = [np.concatenate([world.mean, np.log(variance)], axis=1)]
    x = np.column_stack([world.x, np.ones(len(world.x))])
    for i in range(4):
        here = np.flatnonzero(quadrant == i)
        parts = np.array_split(x, len(x) // 500 + 1)
        best = np.concatenate([(part @ costs[here].T).argmin(1) for part in parts])
        starts.append(points[here[best]])
    return np.stack(starts)


def _newton(f, x, start, w, nodes, rounds, tolerance):
    """Newton's method at each x, with steps in m / √v and log v inside a trust region.

    Stops where a step promises less than `tolerance`. Returns (m, log v) (N, 4), the
    objective (N,) and E_q |x - f(z)|² (N,).
    """
    quadrature = _quadrature(nodes)
    theta, value, distortion = start.copy(), np.empty(len(x)), np.empty(len(x))
    for live in np.array_split(np.arange(len(x)), len(x) // 500 + 1):
        found = _derivatives(f, x[live], theta[live], w, quadrature)
        value[live], distortion[live], slope, curvature = found
        radius = np.ones(len(live))
        for _ in range(rounds):
            # The absolute curvature leads away from saddles.
            size, axes = np.linalg.eigh(curvature)
            along = np.einsum("nij,ni->nj", axes, slope)
            step = -along / np.maximum(abs(size), 1e-3)
            length = np.maximum(np.linalg.norm(step, axis=1), 1e-300)
            step *= np.minimum(1, radius / length)[:, None]
            go = -(step * along).sum(1) > tolerance
            if not go.any():
                break
            live, slope, curvature, radius = (
                a[go] for a in (live, slope, curvature, radius)
            )
            step = np.einsum("nij,nj->ni", axes[go], step[go])
            step[:, :2] *= np.exp(theta[live, 2:] / 2)
            new = theta[live] + step
            found = _derivatives(f, x[live], new, w, quadrature)
            better = found[0] < value[live]
            there = live[better]
            theta[there] = new[better]
            value[there], distortion[there] = found[0][better], found[1][better]
            slope[better], curvature[better] = found[2][better], found[3][better]
            radius = np.where(better, np.minimum(2 * radius, 2), radius / 4)
    return theta, value, distortion


def _derivatives(f, x, theta, w, quadrature):
    """The objective E_q |x - f(z)|² / 2w + KL, its first term alone times 2w, and the
    slope (N, 4) and curvature (N, 4, 4) by m / √v and log v.

    By Stein's identity √v ∂E[h]/∂m = E[h ε] and so on: with He the Hermite polynomials,
    each derivative by m raises the order by one and each by v, as half of a second
    derivative by m, by two. f is only evaluated.
    """
    epsilon, hermite = quadrature
    m, v = theta[:, :2], np.exp(theta[:, 2:])
    with np.errstate(over="ignore", invalid="ignore"):  # a step too far is not taken
        z = m[:, None] + np.sqrt(v)[:, None] * epsilon
        moments = ((f(z) - x[:, None]) ** 2).sum(-1) @ hermite
    e = dict(zip(_ORDERS, moments.T / (2 * w), strict=True))
    value = e[0, 0] + _kl(m, theta[:, 2:])
    slope = np.stack([e[1, 0], e[0, 1], e[2, 0] / 2, e[0, 2] / 2], axis=1)
    slope += np.concatenate([np.sqrt(v) * m, (v - 1) / 2], axis=1)
    entries = {
        (0, 0): e[2, 0] + v[:, 0],
        (0, 1): e[1, 1],
        (1, 1): e[0, 2] + v[:, 1],
        (0, 2): e[3, 0] / 2,
        (0, 3): e[1, 2] / 2,
        (1, 2): e[2, 1] / 2,
        (1, 3): e[0, 3] / 2,
        (2, 2): e[4, 0] / 4 + e[2, 0] / 2 + v[:, 0] / 2,
        (2, 3): e[2, 2] / 4,
        (3, 3): e[0, 4] / 4 + e[0, 2] / 2 + v[:, 1] / 2,
    }
    curvature = np.empty((len(x), 4, 4))
    for (i, j), entry in entries.items():
        curvature[:, i, j] = curvature[:, j, i] = entry
    return value, moments[:, _ORDERS.index((0, 0))], slope, curvature


def _quadrature(nodes):
    """Nodes ε (Q, 2), and (Q, orders) for E[h(ε) He_a(ε₁) He_b(ε₂)], by _ORDERS."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    he = np.polynomial.hermite_e.hermevander(points, 4).T * weights / weights.sum()
    epsilon = np.stack(np.meshgrid(points, points, indexing="ij"), -1).reshape(-1, 2)
    return epsilon, np.stack([np.outer(he[a], he[b]).ravel() for a, b in _ORDERS], 1)


def _kl(m, log_v):
    return 0.5 * (np.exp(log_v) + m**2 - 1 - log_v).sum(-1)


def _grid(step):
    """Points of [-6, 6]², (n, n, 2)."""
    count = int(np.ceil(6 / step))
    axis = np.arange(-count, count + 1) * step
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)


def _normal(x, sigma):
    return np.exp(-((x / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))


def _means(f, s):
    y = np.asarray(f(s), np.float64)
    if y.shape != s.shape or not np.isfinite(y).all():
        raise ValueError(
            "f must map factors (..., 2) to finite means of the data of the same "
            f"shape. Received: for {s.shape}, shape {y.shape}"
            f"{'' if np.isfinite(y).all() else ', not finite'}."
        )
    return y


def _check_points(count, sigma):
    if count > _MOST_POINTS:
        raise ValueError(
            "sigma is too small beside the range of f: a grid would have "
            f"{count:.1e} points, above {_MOST_POINTS:.0e}. Received: sigma={sigma}. "
            "Use a larger sigma or a less steep f."
        )


def _check(sigma, betas, eta):
    eta = sigma if eta is None else eta
    values = [("sigma", sigma), ("eta", eta), *(("beta", beta) for beta in betas)]
    for name, value in values:
        if not (np.isscalar(value) and np.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be above 0. Received: {value!r}.")
    return float(sigma), float(eta)

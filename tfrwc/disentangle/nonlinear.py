"""What a β-VAE infers at each β where the decoder is not linear, by integration.

The world: two factors s ~ N(0, I) and data x = f(s) + σ ε in R². The decoder is the true
f, held fixed. The encoder is ideal: for each x, of all q(z|x) = N(m, diag v), the one
that maximises

    E_q log N(x; f(z), η² I) - β KL(q(z|x) || N(0, I)),

for which only the water level w = β η² counts.

>>> from tfrwc.datasets import mixing
>>> from tfrwc.disentangle import nonlinear, theory
>>> f = mixing.tanh(theory.mixing(cosine=0.6))
>>> nonlinear.optimal_beta(f, sigma=0.3).beta > 1
True

p(x) and the moments of the posterior are sums over uniform grids, expectations over q are
Gauss-Hermite sums. f is only ever evaluated: the derivatives by m and log v come from
Stein's identities. For a linear f all agrees with `theory.inference_performance`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from tfrwc.disentangle.theory import Optimum

_BETTER = {"log_q": 1, "mse": -1, "kl_qp": -1, "kl_pq": -1}
_STEP = 0.5  # of the grid of x, in σ
_JUMP = 1.0  # of f between neighbours on the grid of s, in σ, at most
_NODES = 12  # Gauss-Hermite, per dimension
_FEWER_NODES = 6
_DROPPED = 1e-6  # probability of the data left out, where p(x) is smallest
_MOST_POINTS = 4_000_000  # of either grid


@dataclass(frozen=True, eq=False)
class _World:
    """All that does not depend on β; N points x, of weights that sum to 1."""

    f: object
    sigma: float
    x: np.ndarray  # (N, 2)
    weight: np.ndarray  # (N,)
    mean: np.ndarray  # (N, 2), E[s|x]
    square: np.ndarray  # (N, 2), E[s²|x]
    log_p: float  # E log p(x)
    lattice: tuple


def _world(f, sigma):
    s, prior = _factors(f, sigma)
    y = f(s)
    # Two Gaussians, of x1 and of x2: sums over s at all x are products of matrices.
    inner = y[(s**2).sum(1) < 28]
    axes = [
        np.arange(low - 5 * sigma, high + 5 * sigma, _STEP * sigma)
        for low, high in zip(inner.min(0), inner.max(0))
    ]
    order = np.argsort(y[:, 0])
    values = np.stack([np.ones(len(s)), *s.T, *(s.T**2)]) * prior
    moments = np.zeros((5, len(axes[0]), len(axes[1])))
    for part in np.array_split(order, max(1, len(order) // 1000)):
        near = slice(*np.searchsorted(axes[0], [y[part[0],0] - 7*sigma, y[part[-1],0] + 7*sigma]))
        k1 = _normal(axes[0][near, None] - y[part, 0], sigma)
        k2 = _normal(y[part, 1, None] - axes[1], sigma)
        for moment, value in zip(moments, values[:, part]):
            moment[near] += (k1 * value) @ k2
    density = moments[0].ravel()
    mass = density * (_STEP * sigma) ** 2
    print('s', s.shape, 'grid', moments.shape, 'mass', mass.sum())
    order = np.argsort(-mass)
    keep = order[: np.searchsorted(np.cumsum(mass[order]), 1 - _DROPPED)]
    keep = np.sort(keep)
    print('keep', len(keep))
    x = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)[keep]
    weight = mass[keep] / mass[keep].sum()
    conditional = moments[1:].reshape(4, -1)[:, keep] / density[keep]
    return _World(f, sigma, x, weight, conditional[:2].T, conditional[2:].T, weight @ np.log(density[keep]), _lattice(f))


def _factors(f, sigma):
    coarse = _grid(0.1)
    step = 0.1
    flat = coarse.reshape(-1, 2)
    jump = max(
        np.linalg.norm(np.diff(f(coarse), axis=a), axis=-1)[
            (np.linalg.norm(coarse, axis=-1) < 4)[tuple(slice(0, -1) if i == a else slice(None) for i in range(2))]].max() for a in (0, 1))
    step = 0.1 * min(1, _JUMP * sigma / jump)
    s = _grid(step).reshape(-1, 2)
    s = s[(s**2).sum(1) < 36]
    prior = np.exp(-(s**2).sum(1) / 2)
    return s, prior / prior.sum()


def _grid(step):
    n = int(np.ceil(6 / step))
    axis = np.arange(-n, n + 1) * step
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)


def _normal(d, sigma):
    return np.exp(-((d / sigma) ** 2) / 2) / (sigma * np.sqrt(2 * np.pi))


def _quadrature(nodes):
    """Nodes (Q, 2), and (Q, 14) to give E[h He_a(ε1) He_b(ε2)] for the a, b needed."""
    e, w = np.polynomial.hermite_e.hermegauss(nodes)
    w = w / w.sum()
    he = np.stack([w, e * w, (e**2 - 1) * w, (e**3 - 3 * e) * w, (e**4 - 6 * e**2 + 3) * w])
    epsilon = np.stack(np.meshgrid(e, e, indexing="ij"), -1).reshape(-1, 2)
    table = np.stack([np.outer(he[a], he[b]).ravel() for a, b in _ORDERS], -1)
    return epsilon, table


_ORDERS = [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (1, 1), (3, 0), (1, 2), (2, 1), (0, 3), (4, 0), (2, 2), (0, 4)]


def _lattice(f):
    axis = np.linspace(-3.6, 3.6, 25)
    v = np.array([0.02, 0.1, 0.4, 1.0])
    m = np.stack(np.meshgrid(axis, axis, v, v, indexing="ij"), -1).reshape(-1, 4)
    epsilon, table = _quadrature(_FEWER_NODES)
    y = f(m[:, None, :2] + np.sqrt(m[:, None, 2:]) * epsilon)
    p = table[:, 0]
    first = np.einsum("nqi,q->ni", y, p)
    second = np.einsum("nqi,nqi,q->n", y, y, p)
    return np.concatenate([m[:, :2], np.log(m[:, 2:])], 1), first, second


def _kl(t):
    return 0.5 * (np.exp(t[:, 2:]) + t[:, :2] ** 2 - 1 - t[:, 2:]).sum(1)


def _starts(world, w):
    theta, first, second = world.lattice
    table = np.concatenate([-first / w, (second / (2 * w) + _kl(theta))[:, None]], 1)
    group = (theta[:, 0] > 0) * 2 + (theta[:, 1] > 0)
    out = []
    for g in range(4):
        rows = np.flatnonzero(group == g)
        best = np.empty(len(world.x), int)
        for part in np.array_split(np.arange(len(world.x)), len(world.x) // 500 + 1):
            ones = np.ones((len(part), 1))
            best[part] = rows[np.argmin(np.concatenate([world.x[part], ones], 1) @ table[rows].T, 1)]
        out.append(theta[best])
    v = np.maximum(world.square - world.mean**2, 1e-6)
    out.append(np.concatenate([world.mean, np.log(v)], 1))
    return out


def _derivatives(f, x, t, w, quadrature):
    epsilon, table = quadrature
    scale = np.exp(t[:, 2:] / 2)
    y = f(t[:, None, :2] + scale[:, None] * epsilon)
    y -= x[:, None]
    y *= y
    h = (y[..., 0] + y[..., 1]) @ table
    v = scale**2
    value = h[:, 0] / (2 * w) + _kl(t)
    e = dict(zip(_ORDERS, h.T / (2 * w)))
    m = t[:, :2]
    g = np.stack([e[1, 0], e[0, 1], e[2, 0] / 2, e[0, 2] / 2], 1)
    g += np.concatenate([scale * m, (v - 1) / 2], 1)
    H = np.empty((len(t), 4, 4))
    for (i, j), entry in {
        (0, 0): e[2, 0] + v[:, 0], (1, 1): e[0, 2] + v[:, 1], (0, 1): e[1, 1],
        (0, 2): e[3, 0] / 2, (0, 3): e[1, 2] / 2, (1, 2): e[2, 1] / 2, (1, 3): e[0, 3] / 2,
        (2, 2): e[4, 0] / 4 + e[2, 0] / 2 + v[:, 0] / 2,
        (3, 3): e[0, 4] / 4 + e[0, 2] / 2 + v[:, 1] / 2,
        (2, 3): e[2, 2] / 4,
    }.items():
        H[:, i, j] = H[:, j, i] = entry
    return value, g, H, h[:, 0]


def _newton(f, x, t, w, nodes, rounds, tol=1e-8):
    q = _quadrature(nodes)
    t = t.copy()
    value = np.empty(len(t)); distortion = np.empty(len(t))
    its = 0; unc = 0
    for part in np.array_split(np.arange(len(t)), len(t) // 500 + 1):
        now, g, H, d = _derivatives(f, x[part], t[part], w, q)
        value[part] = now; distortion[part] = d
        radius = np.ones(len(part))
        live = part
        for _ in range(rounds):
            its += len(live)
            lam, U = np.linalg.eigh(H)
            along = np.einsum("nij,ni->nj", U, g)
            step = -along / np.maximum(abs(lam), 1e-3)
            size = np.linalg.norm(step, axis=1)
            step *= np.minimum(1, radius / np.maximum(size, 1e-300))[:, None]
            go = -(step * along).sum(1) > tol
            if not go.any():
                break
            live, now, g, H, radius = live[go], now[go], g[go], H[go], radius[go]
            step = np.einsum("nij,nj->ni", U[go], step[go])
            step[:, :2] *= np.exp(t[live, 2:] / 2)
            new = t[live] + step
            nv, ng, nH, nd = _derivatives(f, x[live], new, w, q)
            ok = nv < now
            radius = np.where(ok, radius * 2, radius / 4)
            t[live[ok]] = new[ok]; value[live[ok]] = nv[ok]; distortion[live[ok]] = nd[ok]
            now = np.where(ok, nv, now); g[ok] = ng[ok]; H[ok] = nH[ok]
        else:
            unc += len(live)
    _newton.log.append((nodes, len(t), its / len(t), unc))
    return t, value, distortion
_newton.log = []


def _encoder(world, w, warm=()):
    best = None
    for start in [*_starts(world, w), *warm]:
        t, value, _ = _newton(world.f, world.x, start, w, _FEWER_NODES, 10, 1e-3)
        if best is None:
            best, low = t, value
            which = np.zeros(len(t), int); n = 0
        else:
            n += 1
            better = value < low - 1e-9
            which[better] = n
            best[better], low[better] = t[better], value[better]
    print(np.bincount(which))
    return _newton(world.f, world.x, best, w, _NODES, 50)


def _measures(world, beta, eta, warm=()):
    w = beta * eta**2
    t, value, distortion = _encoder(world, w, warm)
    m, u = t[:, :2], t[:, 2:]
    p = world.weight
    error = world.square - 2 * m * world.mean + m**2
    log_q = p @ (-0.5 * (np.log(2 * np.pi) + u + error * np.exp(-u))).sum(1)
    rate, distortion = p @ _kl(t), p @ distortion
    s2 = world.sigma**2
    log_joint = -np.log(2 * np.pi * np.e) * 2 - np.log(s2)
    return {
        "log_q": float(log_q / 2),
        "mse": float(p @ error.sum(1) / 2),
        "kl_qp": float((rate + distortion / (2 * s2) + np.log(2 * np.pi * s2) + world.log_p) / 2),
        "kl_pq": float((log_joint - world.log_p - log_q) / 2),
        "rate": float(rate),
        "distortion": float(distortion),
    }, t, value

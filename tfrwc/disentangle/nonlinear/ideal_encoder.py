"""The diagonal Gaussian encoder that is best for a given decoder, at each x by itself.

It minimises E_q |x - f(z)|² / 2w + KL(q || N(0, I)) over q = N(m, diag v), for a
decoder f of two latents that is only evaluated, by Newton's method: all derivatives of
an expectation under a Gaussian are expectations too. The objective can have several
minima. A lattice of encoders, whose objective at every x is one product of matrices,
says where to start.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mixing = Callable[[Floats], Floats]  # from factors (..., 2) to means (..., 2)
Lattice = tuple[Floats, Floats, Floats]  # as of `lattice`
_Quadrature = tuple[Floats, Floats]

_NODES = 16  # Gauss-Hermite, per latent
_FEW_NODES = 6  # where only the best of several starts is looked for
# Orders (a, b) of the Hermite polynomials whose moments give all derivatives to the
# second: E h, then by m, then by v or m twice, and so on.
_ORDERS = [(a, b) for a in range(5) for b in range(5 - a)]


def ideal_encoder(
    f: Mixing, x: Floats, w: float, guess: Floats, lattice: Lattice
) -> tuple[Floats, Floats, Floats]:
    """The best q(z|x) = N(m, diag v) at each x, of several starts.

    Args:
        f: the decoder, (..., 2) -> (..., 2).
        x: data, (N, 2).
        w: water level β η².
        guess: (m, log v) to start from, (N, 4).
        lattice: of f, by `lattice`.

    Returns:
        m (N, 2), log v (N, 2), and E_q |x - f(z)|² (N,).
    """
    starts = np.stack([guess, *_starts(x, w, lattice)])
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


def _starts(x: Floats, w: float, lattice: Lattice) -> Iterator[Floats]:
    """For each quadrant of m, the best of the lattice at each x: (N, 4)."""
    points, mean, square = lattice
    quadrant = (points[:, :2] > 0) @ [1, 2]
    # |x - f|² less |x|², which is the same for all.
    costs = np.column_stack(
        [-mean / w, square / (2 * w) + kl(points[:, :2], points[:, 2:])]
    )
    extended = np.column_stack([x, np.ones(len(x))])
    for i in range(4):
        here = np.flatnonzero(quadrant == i)
        parts = np.array_split(extended, len(x) // 500 + 1)
        best = np.concatenate([(part @ costs[here].T).argmin(1) for part in parts])
        yield points[here[best]]


def _newton(
    f: Mixing,
    x: Floats,
    start: Floats,
    w: float,
    nodes: int,
    rounds: int,
    tolerance: float,
) -> tuple[Floats, Floats, Floats]:
    """Newton's method at each x, with steps in m / √v and log v inside a trust region.

    Stops where a step promises less than `tolerance`. Returns (m, log v) (N, 4), the
    objective (N,) and E_q |x - f(z)|² (N,).
    """
    quadrature = _quadrature(nodes)
    theta, value, distortion = start.copy(), np.empty(len(x)), np.empty(len(x))
    for live in np.array_split(np.arange(len(x)), len(x) // 500 + 1):
        value[live], distortion[live], slope, curvature = _derivatives(
            f, x[live], theta[live], w, quadrature
        )
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
            there = _derivatives(f, x[live], new, w, quadrature)
            better = there[0] < value[live]
            moved = live[better]
            theta[moved] = new[better]
            value[moved], distortion[moved] = there[0][better], there[1][better]
            slope[better], curvature[better] = there[2][better], there[3][better]
            radius = np.where(better, np.minimum(2 * radius, 2), radius / 4)
    return theta, value, distortion


def _derivatives(
    f: Mixing, x: Floats, theta: Floats, w: float, quadrature: _Quadrature
) -> tuple[Floats, Floats, Floats, Floats]:
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
    value = e[0, 0] + kl(m, theta[:, 2:])
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


def _quadrature(nodes: int) -> _Quadrature:
    """Nodes ε (Q, 2), and (Q, orders) for E[h(ε) He_a(ε₁) He_b(ε₂)], by _ORDERS."""
    points, weights = np.polynomial.hermite_e.hermegauss(nodes)
    he = np.polynomial.hermite_e.hermevander(points, 4).T * weights / weights.sum()
    epsilon = np.stack(np.meshgrid(points, points, indexing="ij"), -1).reshape(-1, 2)
    return epsilon, np.stack([np.outer(he[a], he[b]).ravel() for a, b in _ORDERS], 1)


def lattice(f: Mixing) -> Lattice:
    """Encoders on a grid, and what decides their objective at any x and w.

    Returns:
        (m, log v) (L, 4), E f(z) (L, 2) and E |f(z)|² (L,).
    """
    m, v = np.linspace(-3.6, 3.6, 25), np.array([0.02, 0.1, 0.4, 1.0])
    points = np.stack(np.meshgrid(m, m, v, v, indexing="ij"), -1).reshape(-1, 4)
    epsilon, hermite = _quadrature(_FEW_NODES)
    y = means(f, points[:, None, :2] + np.sqrt(points[:, None, 2:]) * epsilon)
    weight = hermite[:, _ORDERS.index((0, 0))]
    points[:, 2:] = np.log(points[:, 2:])
    return points, weight @ y, (y**2).sum(-1) @ weight


def means(f: Mixing, s: Floats) -> Floats:
    """f(s), as float64.

    Raises:
        ValueError: if it is not of the shape of s, or not finite.
    """
    y = np.asarray(f(s), np.float64)
    if y.shape != s.shape or not np.isfinite(y).all():
        raise ValueError(
            "f must map factors (..., 2) to finite means of the data of the same "
            f"shape. Received: for {s.shape}, shape {y.shape}"
            f"{'' if np.isfinite(y).all() else ', not finite'}."
        )
    return y


def kl(m: Floats, log_v: Floats) -> Floats:
    """KL(N(m, diag v) || N(0, I)) in nats, over the last axis."""
    divergence: Floats = 0.5 * (np.exp(log_v) + m**2 - 1 - log_v).sum(-1)
    return divergence

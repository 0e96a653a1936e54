"""What data say of two factors at any β: integrals over the factors, on grids."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrwc.disentangle.nonlinear.ideal_encoder import Lattice, Mixing, lattice, means

_STEP = 1 / 3  # of the grid of x, in σ
_COARSE_STEP = 1.0
_JUMP = 1.0  # of f from a point of the grid of s to the next, in σ, at most
_DROPPED = 1e-6  # probability of the data left out, where p(x) is smallest
_MOST_POINTS = 4_000_000  # of a grid


@dataclass(frozen=True, eq=False)
class World:
    """Data of two factors, and what the true posterior says of them.

    Attributes:
        f: from factors to the means of the data.
        sigma: standard deviation of the noise in the data.
        x: the N data that are not left out, (N, 2).
        weight: their probabilities, (N,), which sum to 1.
        mean, square: E[s|x] and E[s²|x], (N, 2).
        log_p: E log p(x), in nats.
        lattice: of f.
    """

    f: Mixing
    sigma: float
    x: NDArray[np.float64]
    weight: NDArray[np.float64]
    mean: NDArray[np.float64]
    square: NDArray[np.float64]
    log_p: float
    lattice: Lattice


def fine_world(f: Mixing, sigma: float) -> World:
    """A world on grids that are fine enough for the measures.

    Args:
        f, sigma: as of `World`.

    Raises:
        ValueError: if f is no function as above, or a grid would have too many points,
            or the grid of x misses some of the probability.
    """
    return _integrate(f, sigma, _STEP)


def coarse_world(f: Mixing, sigma: float) -> World:
    """As `fine_world`, for the neighbourhood of an optimum to be found quickly."""
    return _integrate(f, sigma, _COARSE_STEP)


def _integrate(f: Mixing, sigma: float, step: float) -> World:
    s = _grid(_spacing(f, sigma)).reshape(-1, 2)
    y = means(f, s)
    prior = np.exp(-(s**2).sum(1) / 2)
    prior /= prior.sum()
    # Beyond |s|² = 28 is less than 1e-6 of the probability.
    inner = y[(s**2).sum(1) < 28]
    low, high = inner.min(0) - 5 * sigma, inner.max(0) + 5 * sigma
    _check_points(np.prod((high - low) / (step * sigma)), sigma)
    axes = [np.arange(a, b, step * sigma) for a, b in zip(low, high, strict=True)]
    moments = _moments(s, y, prior, axes, sigma)
    mass = moments[0].ravel() * (step * sigma) ** 2
    total = mass.sum()
    if not abs(total - 1) < 1e-4:
        raise ValueError(
            "p(x) must integrate to 1 on the grid of x. Received: a sum of "
            f"{total:.6f} with a step of {step} sigma. Use a smaller step."
        )
    order = np.argsort(mass)
    likely = np.sort(order[np.cumsum(mass[order]) > _DROPPED])
    density = moments[0].ravel()[likely]
    conditional = moments[1:].reshape(4, -1)[:, likely].T / density[:, None]
    weight = mass[likely] / mass[likely].sum()
    return World(
        f=f,
        sigma=sigma,
        x=np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)[likely],
        weight=weight,
        mean=conditional[:, :2],
        square=conditional[:, 2:],
        log_p=float(weight @ np.log(density)),
        lattice=lattice(f),
    )


def _spacing(f: Mixing, sigma: float) -> float:
    """Spacing of a grid of s on which f nowhere jumps by more than `_JUMP`."""
    s = _grid(0.1)
    y = means(f, s)
    near = np.linalg.norm(s, axis=-1) < 4
    jump = max(
        np.linalg.norm(np.diff(y, axis=0), axis=-1)[near[1:]].max(),
        np.linalg.norm(np.diff(y, axis=1), axis=-1)[near[:, 1:]].max(),
    )
    spacing = 0.1 * min(1, _JUMP * sigma / jump) if jump > 0 else 0.1
    _check_points((12 / spacing) ** 2, sigma)
    return spacing


def _moments(
    s: NDArray[np.float64],
    y: NDArray[np.float64],
    prior: NDArray[np.float64],
    axes: list[NDArray[np.float64]],
    sigma: float,
) -> NDArray[np.float64]:
    """∫ p(s) p(x|s) (1, s, s²) ds at all x of a grid: (5, of axes[0], of axes[1]).

    p(x|s) is a product of a Gaussian of x₁ and one of x₂, so that the sums over s are
    products of matrices. In the order of the first coordinate of f few x₁ are near any
    part of s.
    """
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
    return moments


def _grid(step: float) -> NDArray[np.float64]:
    """Points of [-6, 6]², (n, n, 2)."""
    count = int(np.ceil(6 / step))
    axis = np.arange(-count, count + 1) * step
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)


def _normal(x: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Density of N(0, σ²) at x."""
    density: NDArray[np.float64] = np.exp(-((x / sigma) ** 2) / 2) / (
        sigma * np.sqrt(2 * np.pi)
    )
    return density


def _check_points(count: float, sigma: float) -> None:
    if count > _MOST_POINTS:
        raise ValueError(
            "sigma is too small beside the range of f: a grid would have "
            f"{count:.1e} points, above {_MOST_POINTS:.0e}. Received: sigma={sigma}. "
            "Use a larger sigma or a less steep f."
        )

"""The β at which the best encoder infers the factors best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, minimize_scalar
from scipy.signal import find_peaks

from tfrwc._common.checks import one_of
from tfrwc.disentangle.checks import finite_matrix, world
from tfrwc.disentangle.theory.inference import ENCODERS
from tfrwc.disentangle.theory.spectrum import (
    Array,
    Spectrum,
    measures,
    representable,
    spectrum,
)

# Measures of inference that have an optimum, and whether more is better.
_BETTER = {
    "log_q": 1,
    "mse": -1,
    "kl_qp": -1,
    "kl_pq": -1,
    "mutual_information": 1,
    "marginal_information": 1,
    "gap": 1,
    "aggregate_total_correlation": -1,
    "conditional_total_correlation": -1,
    "distortion": -1,
}
_LIKELIHOOD = ("log_q", "kl_pq")
# Of the values on the grid, what a peak must stand out by not to be rounding.
_PROMINENCE, _ROUNDING = 1e-10, 1e-13
_LARGEST_LOG = 700.0  # of a β


@dataclass(frozen=True)
class Optimum:
    """The best β of a measure.

    Attributes:
        measure: its name.
        beta: the best β; 0 or infinity if it is beyond the grid.
        value: of the measure there, or at that end of the grid.
        local: all local optima inside the grid.
    """

    measure: str
    beta: float
    value: float
    local: tuple[float, ...]


def optimal_beta(
    A: ArrayLike,
    sigma: float,
    measure: str = "log_q",
    eta: float | None = None,
    encoder: str = "diagonal",
) -> Optimum:
    """The β at which a measure of `inference_performance` is best.

    With u = β η²/σ², the squared error and the divergence kl_qp are least at u = 1,
    and a full encoder is best there by log_q and kl_pq, too. For a diagonal one, the
    slope of log_q over log u is a sum of which no digits cancel: its sign finds every
    local optimum, whatever the scales of A and σ, and one is always finite.

    For the other measures a grid over u, from 1/1024 of the least of 1 and the
    eigenvalues of AᵀA/σ² other than 0 to 1024 times the greatest, finds the local
    optima, and each is refined. If a measure is best at an end of the grid, `beta` is 0
    or infinity. An optimum that stands out by less than 1e-10 of the range of the
    measure, or 1e-13 of its values, is taken for rounding.

    Args:
        A: as of `inference_performance`.
        sigma: as of `inference_performance`.
        measure: ``"log_q"``, ``"mutual_information"``, ``"marginal_information"`` or
            ``"gap"``, of which more is better; or ``"mse"``, ``"kl_qp"``, ``"kl_pq"``,
            ``"distortion"``, ``"aggregate_total_correlation"`` or
            ``"conditional_total_correlation"``, of which less is.
        eta: as of `inference_performance`.
        encoder: as of `inference_performance`.

    Returns:
        `Optimum`.

    Raises:
        ValueError: for an unknown measure, an A of zeros, a measure that is the same at
            every β, an optimum too large for a float, or other arguments as above.
    """
    if measure not in _BETTER:
        raise ValueError(
            f"measure must be one of {', '.join(_BETTER)}. Received: {measure!r}."
        )
    one_of(encoder, ENCODERS, "encoder")
    sign = _BETTER[measure]
    matrix, sigma, _, eta = world(A, sigma, 1.0, eta)
    if not matrix.any():
        raise ValueError(
            "A has only zeros: the data tell nothing of the factors, at any beta."
        )
    linear = spectrum(matrix, sigma)

    def loss(log_u: float) -> float:
        u = float(np.exp(log_u))
        value = measures(linear, u, encoder)[measure]
        return -sign * representable({measure: value}, u)[measure]

    grid = _grid(linear)
    ends = np.inf, np.inf  # of a measure that is best between them for certain
    if measure in ("mse", "kl_qp") or (measure in _LIKELIHOOD and encoder == "full"):
        logs = [0.0]
    elif measure in _LIKELIHOOD:
        logs = _crossings(linear, grid)
    else:
        losses = np.array([loss(x) for x in grid])
        if np.ptp(losses) <= _ROUNDING * max(1.0, np.abs(losses).max()):
            raise ValueError(
                f"{measure} is the same at every beta in this world, so that none is "
                "best."
            )
        logs = _peaks(loss, losses, grid)
        ends = losses[0], losses[-1]
    optima = [(loss(x), _beta(x, sigma, eta)) for x in logs]
    return best_of(measure, sign, optima, ends)


def _beta(log_u: float, sigma: float, eta: float) -> float:
    """β of a level u = β η²/σ².

    Raises:
        ValueError: if it is too large or too small for a float.
    """
    log_beta = log_u + 2 * (np.log(sigma) - np.log(eta))
    if abs(log_beta) > _LARGEST_LOG:
        raise ValueError(
            f"The best beta is e**{log_beta:.4g}, beyond what float64 holds. Received: "
            f"sigma {sigma:g}, eta {eta:g}. Give an eta or an A closer to sigma."
        )
    return float(np.exp(log_beta))


def best_of(
    measure: str,
    sign: int,
    optima: Sequence[tuple[float, float]],
    ends: tuple[float, float],
) -> Optimum:
    """The best of all local optima and of the ends of a grid.

    Args:
        measure: its name.
        sign: 1 where more of the measure is better, -1 where less is.
        optima: loss, which is the measure times -sign, and β of each local optimum.
        ends: losses at the least and at the greatest β.
    """
    low, high = ends
    # Of equals the first: an optimum inside rather than an end.
    loss, beta = min([*optima, (low, 0.0), (high, np.inf)], key=lambda pair: pair[0])
    local = tuple(beta for _, beta in optima)
    return Optimum(measure, beta, float(-sign * loss), local)


def _grid(world: Spectrum) -> Array:
    """log u, 40 to an octave, over all u at which a measure still changes."""
    r = world.r[world.r > 0]
    low, high = np.log2([min([1, *r]) / 1024, max([1, *r]) * 1024])
    octaves = np.arange(np.floor(low) * 40, np.ceil(high) * 40 + 1) / 40
    grid: Array = np.log(2) * octaves
    return grid


def slope(world: Spectrum, log_u: Array) -> Array:
    """-2 k times the slope of log_q over log u, of a diagonal encoder: (…,).

    With v the variances of the latents and e the errors of their means, the sum over
    latents of (g/u) (v - e) + 2 (1 + g/u) (1 - 1/u) Σ_j U_ij² p q².
    """
    u = np.exp(np.asarray(log_u, float))
    p, q, noise = world.split(u)
    u = u[..., None]
    g, squares = world.g, world.squares.T
    # v - e of two small numbers below g, and of their differences from 1 above.
    small = u / (u + g) - (q**2 + noise) @ squares
    near_one = (p * (1 + q) - noise) @ squares - g / (u + g)
    pull = 2 * (1 + g / u) * (1 - 1 / u) * ((p * q**2) @ squares)
    total: Array = (g / u * np.where(u < g, small, near_one) + pull).sum(axis=-1)
    return total


def _crossings(world: Spectrum, grid: Array) -> list[float]:
    """All log u at which log_q stops growing."""
    grid = grid[grid >= grid[grid < 0][-1]]  # below u = 1 it grows
    falls = slope(world, grid) > 0
    return [
        brentq(lambda x: float(slope(world, x)), grid[i], grid[i + 1], xtol=1e-14)
        for i in np.flatnonzero(~falls[:-1] & falls[1:])
    ]


def _peaks(loss: Callable[[float], float], losses: Array, grid: Array) -> list[float]:
    """All log u at which a loss, with these values on the grid, has a local minimum."""
    least = _PROMINENCE * np.ptp(losses) + _ROUNDING * np.abs(losses).max()
    return [
        minimize_scalar(
            loss,
            bounds=(grid[i - 1], grid[i + 1]),
            method="bounded",
            options={"xatol": 1e-10},
        ).x
        for i in find_peaks(-losses, prominence=least)[0]
    ]


def variance_inflation(A: ArrayLike) -> float:
    """The limit of the optimal β of log_q as σ goes to 0.

    The mean over the latents of (G⁻¹)_ii G_ii with G = AᵀA: 1 / (1 - ρ²) for two
    columns with cosine ρ. Infinite if the columns are not independent, as where there
    are more factors than dimensions of the data.

    Raises:
        ValueError: if A is not a finite matrix (n, k).
    """
    matrix = finite_matrix(A)
    world = spectrum(matrix, float(np.abs(matrix).max()) or 1.0)
    if not world.r.all():
        return float("inf")
    return float(np.mean(world.squares @ (1 / world.r) * world.g))

"""The β at which the best encoder infers the factors best."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.signal import find_peaks

from tfrwc.disentangle.checks import finite_matrix, world
from tfrwc.disentangle.theory.inference import inference_performance

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
# Of an eigenvalue of AᵀA, relative to the largest: below it is rounding.
_RANK = 1e-12


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

    Where all of β η²/σ² is far below 1 and every eigenvalue of AᵀA/σ² other than 0, or
    far above, nothing changes any more: a grid over β from 1/1024 of the least of these
    to 1024 times the greatest finds all local optima, and each is refined. If a measure
    is best at an end of the grid, `beta` is 0 or infinity. An optimum that stands out
    by less than 1e-10 of the measure is taken for rounding.

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
        ValueError: for an unknown measure, or other arguments as above.
    """
    if measure not in _BETTER:
        raise ValueError(
            f"measure must be one of {', '.join(_BETTER)}. Received: {measure!r}."
        )
    sign = _BETTER[measure]
    matrix, sigma, eta_squared = world(A, sigma, 1.0, eta)

    def loss(log_beta: float) -> float:
        beta = float(np.exp(log_beta))
        return -sign * inference_performance(matrix, sigma, beta, eta, encoder)[measure]

    grid = _grid(matrix, sigma, eta_squared)
    losses = np.array([loss(x) for x in grid])
    # Rounding makes ripples where the measure is flat.
    least = 1e-10 * (1 + np.abs(losses).max())
    optima = []
    for i in find_peaks(-losses, prominence=least)[0]:
        best = minimize_scalar(
            loss,
            bounds=(grid[i - 1], grid[i + 1]),
            method="bounded",
            options={"xatol": 1e-10},
        )
        optima.append((best.fun, float(np.exp(best.x))))
    return best_of(measure, sign, optima, (losses[0], losses[-1]))


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
    loss, beta = min([*optima, (low, 0.0), (high, np.inf)])
    local = tuple(beta for _, beta in optima)
    return Optimum(measure, beta, float(-sign * loss), local)


def _grid(
    A: NDArray[np.float64], sigma: float, eta_squared: float
) -> NDArray[np.float64]:
    """log β, 40 to an octave, over all β at which a measure still changes."""
    r = np.linalg.eigvalsh(A.T @ A) / sigma**2
    r = r[r > _RANK * r[-1]]
    low, high = np.log2([min([1, *r]) / 1024, max([1, *r]) * 1024])
    octaves = np.arange(np.floor(low) * 40, np.ceil(high) * 40 + 1) / 40
    grid: NDArray[np.float64] = np.log(2) * octaves + np.log(sigma**2 / eta_squared)
    return grid


def variance_inflation(A: ArrayLike) -> float:
    """The limit of the optimal β of log_q as σ goes to 0.

    The mean over the latents of (G⁻¹)_ii G_ii with G = AᵀA: 1 / (1 - ρ²) for two
    columns with cosine ρ. Infinite if the columns are not independent, as where there
    are more factors than dimensions of the data.

    Raises:
        ValueError: if A is not a finite matrix (n, k).
    """
    matrix = finite_matrix(A)
    G = matrix.T @ matrix
    r = np.linalg.eigvalsh(G)
    if r[0] <= _RANK * r[-1]:
        return float("inf")
    return float(np.mean(np.diag(np.linalg.inv(G)) * np.diag(G)))

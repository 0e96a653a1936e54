"""The β at which the ideal encoder infers two factors best."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar

from tfrwc.disentangle.nonlinear.ideal_encoder import Mixing
from tfrwc.disentangle.nonlinear.inference import deviations, measures
from tfrwc.disentangle.nonlinear.world import World, coarse_world, fine_world
from tfrwc.disentangle.theory.optimum import Optimum, best_of

# Measures that have an optimum, and whether more is better.
_BETTER = {"log_q": 1, "mse": -1, "kl_qp": -1, "kl_pq": -1}
_BETAS = 2.0 ** np.arange(-3, 10.5, 0.5)  # where η = σ


def optimal_beta(
    f: Mixing,
    sigma: float,
    measure: str = "log_q",
    betas: Sequence[float] | None = None,
    eta: float | None = None,
) -> Optimum:
    """The β at which a measure of `inference_performance` is best.

    A coarse integration at each of `betas` finds all local optima; each is refined
    to about 1 %. If a measure is best at an end, `beta` is 0 or infinity.

    Args:
        f: as of `inference_performance`.
        sigma: as of `inference_performance`.
        measure: ``"log_q"``, ``"mse"``, ``"kl_qp"`` or ``"kl_pq"``.
        betas: three or more, ascending; None for 1/8 to 1024, times σ²/η².
        eta: as of `inference_performance`.

    Raises:
        ValueError: for an unknown measure, or other arguments as above.
    """
    if measure not in _BETTER:
        raise ValueError(
            f"measure must be one of {', '.join(_BETTER)}. Received: {measure!r}."
        )
    sign = _BETTER[measure]
    sigma, eta = deviations(sigma, [] if betas is None else betas, eta)
    betas = list(_BETAS * (sigma / eta) ** 2) if betas is None else betas
    if len(betas) < 3 or (np.diff(betas) <= 0).any():
        raise ValueError(
            f"betas must be three or more, ascending. Received: {list(betas)}."
        )
    coarse, fine = coarse_world(f, sigma), fine_world(f, sigma)

    def loss(log_beta: float, world: World) -> float:
        return -sign * measures(world, np.exp(log_beta) * eta**2)[measure]

    grid = np.log(betas)
    losses = np.array([loss(x, coarse) for x in grid])
    inside = (losses[1:-1] < losses[:-2]) & (losses[1:-1] <= losses[2:])
    optima = []
    for i in np.flatnonzero(inside) + 1:
        best = minimize_scalar(
            loss,
            args=(fine,),
            bounds=(grid[i - 1], grid[i + 1]),
            method="bounded",
            options={"xatol": 3e-3},
        )
        optima.append((best.fun, float(np.exp(best.x))))
    return best_of(measure, sign, optima, (loss(grid[0], fine), loss(grid[-1], fine)))

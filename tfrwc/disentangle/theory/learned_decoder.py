"""R3: the global optimum where the decoder is learned too."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc.disentangle.checks import count, world


@dataclass(frozen=True, eq=False)
class LinearOptimum:
    """Where a linear β-VAE ends.

    Attributes:
        decoder: D (n, latents); encoder: W (latents, n).
        variances: v (latents,), of q(z|x).
        rates: (latents,) nats; rate: their sum.
        distortion: E |x - D z|².
        objective: E log N(x; D z, η² I) - β rate.
        active_latents: how many did not collapse.
        eta: standard deviation of the decoder.
        water_level: w = β η².
        collapse_betas: (latents,), the β from which each is collapsed, at this η.
    """

    decoder: NDArray[np.float64]
    encoder: NDArray[np.float64]
    variances: NDArray[np.float64]
    rates: NDArray[np.float64]
    distortion: float
    rate: float
    objective: float
    active_latents: int
    eta: float
    water_level: float
    collapse_betas: NDArray[np.float64]


def linear_optimum(
    A: ArrayLike, sigma: float, eta: float | None, beta: float, n_latents: int
) -> LinearOptimum:
    """R3: the global optimum where the decoder is learned too, linear as the encoder.

    Args:
        A: as of `inference_performance`.
        sigma: as of `inference_performance`.
        eta: standard deviation of the decoder; None if it is learned.
        beta: as of `inference_performance`.
        n_latents: of the model; those beyond n are collapsed at any β.

    Returns:
        `LinearOptimum`.

    Raises:
        ValueError: if an argument is not as above.
    """
    matrix, sigma, _ = world(A, sigma, beta, eta)
    n = matrix.shape[0]
    n_latents = count(n_latents, "n_latents")
    eigenvalues, vectors = np.linalg.eigh(matrix @ matrix.T + sigma**2 * np.eye(n))
    beyond = max(0, n_latents - n)  # latents with no direction of the data left
    eigenvalues = np.pad(eigenvalues[::-1], (0, beyond))
    vectors = np.pad(vectors[:, ::-1], ((0, 0), (0, beyond)))
    if eta is None:
        eta = _learned_eta(eigenvalues[:n], beta, min(n, n_latents))
    w = beta * eta**2
    own = eigenvalues[:n_latents]  # the variance of the data along each latent
    scale = np.sqrt(np.maximum(own - w, 0))
    rates = np.log(np.maximum(own / w, 1)) / 2
    distortion = np.minimum(own, w).sum() + eigenvalues[n_latents:].sum()
    rate = rates.sum()
    log_likelihood = -0.5 * (n * np.log(2 * np.pi * eta**2) + distortion / eta**2)
    return LinearOptimum(
        decoder=vectors[:, :n_latents] * scale,
        encoder=(vectors[:, :n_latents] * scale / np.maximum(own, w)).T,
        variances=w / np.maximum(own, w),
        rates=rates,
        distortion=float(distortion),
        rate=float(rate),
        objective=float(log_likelihood - beta * rate),
        active_latents=int((own > w).sum()),
        eta=float(eta),
        water_level=float(w),
        collapse_betas=own / eta**2,
    )


def _learned_eta(
    eigenvalues: NDArray[np.float64], beta: float, n_latents: int
) -> float:
    """The η that maximises the objective, over the numbers of active latents."""
    n, best = len(eigenvalues), None
    own = eigenvalues[:n_latents]
    for active in range(n_latents + 1):
        rest = eigenvalues[active:].sum()
        if n - beta * active <= 0 or rest <= 0:
            continue
        variance = rest / (n - beta * active)
        w = beta * variance
        if int((own > w).sum()) != active:
            continue
        distortion = np.minimum(own, w).sum() + eigenvalues[n_latents:].sum()
        rate = np.log(own[:active] / w).sum() / 2
        value = -0.5 * (n * np.log(variance) + distortion / variance) - beta * rate
        if best is None or value > best[0]:
            best = value, variance
    if best is None:
        raise ValueError(
            f"At beta = {beta} the objective grows without bound as eta falls. Give "
            "eta."
        )
    return float(np.sqrt(best[1]))

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
        ValueError: if an argument is not as above, or the optimum is too large for a
            float.
    """
    matrix, sigma, beta, given_eta = world(A, sigma, beta, eta)
    n = matrix.shape[0]
    n_latents = count(n_latents, "n_latents")
    # All in units of sigma, so that squares neither overflow nor vanish.
    matrix = matrix / sigma
    # Not of A Aᵀ + I, which holds no digit of the noise where A is large beside it.
    vectors, roots, _ = np.linalg.svd(matrix)
    eigenvalues = np.pad(roots**2, (0, n - len(roots))) + 1
    beyond = max(0, n_latents - n)  # latents with no direction of the data left
    eigenvalues = np.pad(eigenvalues, (0, beyond))
    vectors = np.pad(vectors, ((0, 0), (0, beyond)))
    if eta is None:
        relative = _learned_eta(eigenvalues[:n], beta, min(n, n_latents))
    else:
        relative = given_eta / sigma
    w = beta * relative**2
    own = eigenvalues[:n_latents]  # the variance of the data along each latent
    scale = np.sqrt(np.maximum(own - w, 0))
    rates = np.log(np.maximum(own / w, 1)) / 2
    distortion = np.minimum(own, w).sum() + eigenvalues[n_latents:].sum()
    rate = rates.sum()
    constant = n * (np.log(2 * np.pi) + 2 * np.log(relative) + 2 * np.log(sigma))
    log_likelihood = -0.5 * (constant + distortion / relative**2)
    unit = sigma * sigma
    if not np.isfinite([distortion * unit, w * unit, log_likelihood]).all():
        raise ValueError(
            "The optimum is too large for float64. Received: A up to "
            f"{np.abs(matrix).max() * sigma:g}, sigma {sigma:g}, beta {beta:g}, eta "
            f"{relative * sigma:g}. Give A, sigma and eta in a larger unit."
        )
    return LinearOptimum(
        decoder=vectors[:, :n_latents] * scale * sigma,
        encoder=(vectors[:, :n_latents] * scale / np.maximum(own, w)).T / sigma,
        variances=w / np.maximum(own, w),
        rates=rates,
        distortion=float(distortion * unit),
        rate=float(rate),
        objective=float(log_likelihood - beta * rate),
        active_latents=int((own > w).sum()),
        eta=relative * sigma,
        water_level=float(w * unit),
        collapse_betas=own / relative**2,
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

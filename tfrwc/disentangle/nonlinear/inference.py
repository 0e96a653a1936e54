"""How well the ideal encoder infers two factors, with the true decoder."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from tfrwc.disentangle.checks import positive
from tfrwc.disentangle.nonlinear.ideal_encoder import Mixing, ideal_encoder, kl
from tfrwc.disentangle.nonlinear.world import World, fine_world


def inference_performance(
    f: Mixing, sigma: float, beta: float, eta: float | None = None
) -> dict[str, float]:
    """How well the ideal encoder infers s, with the true decoder f.

    It takes 10 s for a steep f (sum_and_squares at σ = 0.3), 1 s for a bounded one.

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
    sigma, eta = deviations(sigma, [beta], eta)
    return measures(fine_world(f, sigma), beta * eta**2)


def table(
    f: Mixing, sigma: float, betas: Sequence[float], eta: float | None = None
) -> pd.DataFrame:
    """`inference_performance` at several β.

    Returns:
        A row per β, with the column beta and one for each measure.
    """
    sigma, eta = deviations(sigma, betas, eta)
    world = fine_world(f, sigma)
    return pd.DataFrame(
        [{"beta": beta} | measures(world, beta * eta**2) for beta in betas]
    )


def measures(world: World, w: float) -> dict[str, float]:
    """What `inference_performance` returns, in a world at a water level w = β η²."""
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


def deviations(
    sigma: float, betas: Iterable[float], eta: float | None
) -> tuple[float, float]:
    """Standard deviations of the noise and of the decoder, which is sigma if None.

    Raises:
        ValueError: if one of them or of `betas` is not above 0.
    """
    for beta in betas:
        positive("beta", beta)
    sigma = positive("sigma", sigma)
    return sigma, sigma if eta is None else positive("eta", eta)

"""R1 and R2: how well the best encoder infers the factors, with the true decoder."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import one_of
from tfrwc.disentangle.checks import world
from tfrwc.disentangle.theory.spectrum import measures, representable, spectrum

ENCODERS = ("diagonal", "full")
Matrix = NDArray[np.floating]


def mixing(cosine: float = 0.0, n: int = 2) -> Matrix:
    """Two unit columns in R^n at an angle: (n, 2).

    Args:
        cosine: of the angle, above -1 and below 1.
        n: dimensions of the data, 2 or more.

    Raises:
        ValueError: if an argument is not as above.
    """
    if not -1 < cosine < 1 or n < 2:
        raise ValueError(
            "mixing needs -1 < cosine < 1 and n >= 2. Received: "
            f"cosine={cosine}, n={n}."
        )
    A = np.zeros((n, 2))
    A[0, 0], A[0, 1], A[1, 1] = 1, cosine, np.sqrt(1 - cosine**2)
    return A


def inference_performance(
    A: ArrayLike,
    sigma: float,
    beta: float,
    eta: float | None = None,
    encoder: str = "diagonal",
) -> dict[str, float]:
    """R1 and R2: how well the best encoder infers s, with the true decoder D = A.

    Args:
        A: (n, k) mixing.
        sigma: standard deviation of the noise in the data.
        beta: weight of the divergence.
        eta: standard deviation of the decoder; None for the true one, sigma.
        encoder: ``"diagonal"``, of independent latents given x (R2), or ``"full"``
            (R1).

    Returns:
        Floats, in nats but for `mse`; each but the total correlations, rate and
        distortion is per latent (the sum divided by k):

        - log_q: E log q(s|x), the inference performance F(β);
        - mse: E (s - W x)²;
        - kl_qp, kl_pq: divergence from and of the true posterior p(s|x);
        - mutual_information: I(s; z);
        - marginal_information: sum over i of I(s_i; z_i);
        - gap: I(s_i; z_j) of the best latent j less that of the next, mean over i;
        - aggregate_total_correlation: of q(z);
        - conditional_total_correlation: of q(z|s);
        - rate: E KL(q(z|x) || N(0, I)); distortion: E |x - A z|²;
        - active_latents: how many have a variance of their mean above 0.01.

    Raises:
        ValueError: if an argument is not as above, or a measure is too large for a
            float.
    """
    matrix, sigma, beta, eta = world(A, sigma, beta, eta)
    one_of(encoder, ENCODERS, "encoder")
    u = beta * (eta / sigma) ** 2
    return representable(measures(spectrum(matrix, sigma), u, encoder), u)


def table(
    A: ArrayLike,
    sigma: float,
    betas: Iterable[float],
    eta: float | None = None,
    encoder: str = "diagonal",
) -> pd.DataFrame:
    """`inference_performance` at several β.

    Returns:
        A row per β, with the column beta and one for each measure.
    """
    return pd.DataFrame(
        [
            {"beta": beta} | inference_performance(A, sigma, beta, eta, encoder)
            for beta in betas
        ]
    )

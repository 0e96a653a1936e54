"""R1 and R2: how well the best encoder infers the factors, with the true decoder."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import one_of
from tfrwc.disentangle.checks import world

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
        ValueError: if an argument is not as above.
    """
    matrix, sigma, w = world(A, sigma, beta, eta)
    one_of(encoder, ENCODERS, "encoder")
    k = matrix.shape[1]
    G = matrix.T @ matrix
    W = np.linalg.solve(G + w * np.eye(k), matrix.T)
    if encoder == "full":
        V = w * np.linalg.inv(G + w * np.eye(k))
    else:
        V = np.diag(w / (w + np.diag(G)))
    return measures(matrix, sigma, W, V)


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


def measures(A: Matrix, sigma: float, W: Matrix, V: Matrix) -> dict[str, float]:
    """What `inference_performance` returns, of any linear encoder q = N(W x, V).

    Args:
        A, sigma: as of `inference_performance`.
        W: (k, n).
        V: (k, k), a covariance.
    """
    n, k = A.shape
    S = A @ A.T + sigma**2 * np.eye(n)
    error = np.eye(k) - W @ A
    E = error @ error.T + sigma**2 * W @ W.T
    precision = np.eye(k) + A.T @ A / sigma**2
    C = np.linalg.inv(precision)
    off = W - C @ A.T / sigma**2
    log_q = -0.5 * (_log_det(2 * np.pi * V) + np.trace(np.linalg.solve(V, E)))
    entropy = 0.5 * _log_det(2 * np.pi * np.e * C)
    kl_qp = 0.5 * (
        np.trace(precision @ V)
        - k
        + _log_det(C)
        - _log_det(V)
        + np.trace(precision @ off @ S @ off.T)
    )
    aggregate = W @ S @ W.T + V
    given_s = sigma**2 * W @ W.T + V
    means = np.diag(W @ S @ W.T)
    # Correlations of z_i with s_j, whose squares give informations of pairs.
    squares = (W @ A) ** 2 / np.diag(aggregate)[:, None]
    pairs = -0.5 * np.log1p(-squares)
    ordered = np.sort(pairs, axis=0)
    gap = (ordered[-1] - (ordered[-2] if k > 1 else 0)).sum()
    residual = np.eye(n) - A @ W
    return {
        "log_q": float(log_q / k),
        "mse": float(np.trace(E) / k),
        "kl_qp": float(kl_qp / k),
        "kl_pq": float((-entropy - log_q) / k),
        "mutual_information": float((_log_det(aggregate) - _log_det(given_s)) / 2 / k),
        "marginal_information": float(np.diag(pairs).sum() / k),
        "gap": float(gap / k),
        "aggregate_total_correlation": _total_correlation(aggregate),
        "conditional_total_correlation": _total_correlation(given_s),
        "rate": float(0.5 * (np.trace(V) + means.sum() - k - _log_det(V))),
        "distortion": float(
            np.trace(residual @ S @ residual.T) + np.trace(A @ V @ A.T)
        ),
        "active_latents": int((means > 0.01).sum()),
    }


def _total_correlation(covariance: Matrix) -> float:
    return float(0.5 * (np.log(np.diag(covariance)).sum() - _log_det(covariance)))


def _log_det(matrix: Matrix) -> float:
    return float(np.linalg.slogdet(matrix)[1])

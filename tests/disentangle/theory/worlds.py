"""Linear worlds, and the objective of a model of one, written out."""

import numpy as np
import pytest

from tfrwc.disentangle import theory

WORLDS = {
    "orthogonal": (theory.mixing(0.0), 0.5),
    "cosine 0.6": (theory.mixing(0.6), 0.5),
    "cosine 0.9": (theory.mixing(0.9), 0.3),
    "three of five": (np.random.default_rng(0).normal(size=(5, 3)), 0.7),
    "one": (np.array([[1.0], [0.5]]), 0.4),
}
worlds = pytest.mark.parametrize("world", list(WORLDS.values()), ids=list(WORLDS))


def elbo(A, sigma, D, W, v, eta, beta):
    """The objective, written out for any linear model with a diagonal encoder."""
    n = len(A)
    S = A @ A.T + sigma**2 * np.eye(n)
    residual = np.eye(n) - D @ W
    distortion = np.trace(residual @ S @ residual.T) + (D**2 @ v).sum()
    rate = 0.5 * (v.sum() + np.trace(W @ S @ W.T) - len(v) - np.log(v).sum())
    likelihood = -0.5 * (n * np.log(2 * np.pi * eta**2) + distortion / eta**2)
    return likelihood - beta * rate, distortion, rate


def measures(A, sigma, W, V):
    """What `inference_performance` returns, of any linear encoder q = N(W x, V)."""
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


def _total_correlation(covariance):
    return float(0.5 * (np.log(np.diag(covariance)).sum() - _log_det(covariance)))


def _log_det(matrix):
    return float(np.linalg.slogdet(matrix)[1])

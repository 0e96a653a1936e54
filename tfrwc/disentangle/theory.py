"""What a β-VAE infers at each β, exactly, where everything is linear and Gaussian.

The world: factors s ~ N(0, I_k) and data x = A s + σ ε in R^n. The model maximises

    E_q log N(x; D z, η² I) - β KL(q(z|x) || N(0, I)),   q = N(W x, V),

and only the water level w = β η² decides where the optimum is. A loss written
c |x - x̂|² + b KL has w = b / (2 c).

>>> from tfrwc.disentangle import theory
>>> A = theory.mixing(cosine=0.6)
>>> round(theory.optimal_beta(A, sigma=0.5).beta, 3)
1.214

The results R1 to R3 are this project's own derivations, checked in its tests against
direct optimisation and Monte Carlo; the question is that of arXiv:1912.05127.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.signal import find_peaks

ENCODERS = ("diagonal", "full")
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


def mixing(cosine=0.0, n=2) -> np.ndarray:
    """Two unit columns in R^n at an angle: (n, 2).

    Args:
        cosine: of the angle, above -1 and below 1.
        n: dimensions of the data, 2 or more.
    """
    if not -1 < cosine < 1 or n < 2:
        raise ValueError(
            "mixing needs -1 < cosine < 1 and n >= 2. Received: "
            f"cosine={cosine}, n={n}."
        )
    A = np.zeros((n, 2))
    A[0, 0], A[0, 1], A[1, 1] = 1, cosine, np.sqrt(1 - cosine**2)
    return A


def inference_performance(A, sigma, beta, eta=None, encoder="diagonal") -> dict:
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
    A, sigma, w = _check(A, sigma, beta, eta)
    if encoder not in ENCODERS:
        raise ValueError(f"encoder must be one of {ENCODERS}. Received: {encoder!r}.")
    k = A.shape[1]
    G = A.T @ A
    W = np.linalg.solve(G + w * np.eye(k), A.T)
    if encoder == "full":
        V = w * np.linalg.inv(G + w * np.eye(k))
    else:
        V = np.diag(w / (w + np.diag(G)))
    return _measures(A, sigma, W, V)


def optimal_beta(A, sigma, measure="log_q", eta=None, encoder="diagonal"):
    """The β at which a measure of `inference_performance` is best.

    Where all of β η²/σ² is far below 1 and every eigenvalue of AᵀA/σ² other than 0, or
    far above, nothing changes any more: a grid over β from 1/1024 of the least of these
    to 1024 times the greatest finds all local optima, and each is refined. If a measure
    is best at an end of the grid, `beta` is 0 or infinity. An optimum that stands out
    by less than 1e-10 of the measure is taken for rounding.

    Args:
        A, sigma, eta, encoder: as of `inference_performance`.
        measure: ``"log_q"``, ``"mutual_information"``, ``"marginal_information"`` or
            ``"gap"``, of which more is better; or ``"mse"``, ``"kl_qp"``, ``"kl_pq"``,
            ``"distortion"``, ``"aggregate_total_correlation"`` or
            ``"conditional_total_correlation"``, of which less is.

    Returns:
        `Optimum`.

    Raises:
        ValueError: for an unknown measure, or other arguments as above.
    """
    if measure not in _BETTER:
        raise ValueError(
            f"measure must be one of {', '.join(_BETTER)}. Received: {measure!r}."
        )
    A, sigma, one = _check(A, sigma, 1.0, eta)

    def loss(log_beta):
        found = inference_performance(A, sigma, np.exp(log_beta), eta, encoder)
        return -_BETTER[measure] * found[measure]

    grid = _grid(A, sigma, one)
    losses = np.array([loss(x) for x in grid])
    # Rounding makes ripples where the measure is flat.
    least = 1e-10 * (1 + np.abs(losses).max())
    found = []
    for i in find_peaks(-losses, prominence=least)[0]:
        best = minimize_scalar(
            loss,
            bounds=(grid[i - 1], grid[i + 1]),
            method="bounded",
            options={"xatol": 1e-10},
        )
        found.append((best.fun, float(np.exp(best.x))))
    ends = [(losses[0], 0.0), (losses[-1], np.inf)]
    value, beta = min(found + ends)
    return Optimum(
        measure, beta, float(-_BETTER[measure] * value), tuple(b for _, b in found)
    )


def _grid(A, sigma, one):
    """log β, 40 to an octave, over all that decides a measure; `one` is η²."""
    r = np.linalg.eigvalsh(A.T @ A) / sigma**2
    r = r[r > _RANK * r[-1]]
    low, high = np.log2([min([1, *r]) / 1024, max([1, *r]) * 1024])
    octaves = np.arange(np.floor(low) * 40, np.ceil(high) * 40 + 1) / 40
    return np.log(2) * octaves + np.log(sigma**2 / one)


@dataclass(frozen=True)
class Optimum:
    """The best β of a measure.

    Attributes:
        measure: which.
        beta: the best β; 0 or infinity if it is beyond the grid.
        value: of the measure there, or at that end of the grid.
        local: all local optima inside the grid.
    """

    measure: str
    beta: float
    value: float
    local: tuple


def variance_inflation(A) -> float:
    """The limit of the optimal β of log_q as σ goes to 0.

    The mean over the latents of (G⁻¹)_ii G_ii with G = AᵀA: 1 / (1 - ρ²) for two
    columns with cosine ρ. Infinite if the columns are not independent, as where there
    are more factors than dimensions of the data.

    Raises:
        ValueError: if A is not a finite matrix (n, k).
    """
    A = _matrix(A)
    G = A.T @ A
    r = np.linalg.eigvalsh(G)
    if r[0] <= _RANK * r[-1]:
        return float("inf")
    return float(np.mean(np.diag(np.linalg.inv(G)) * np.diag(G)))


def linear_optimum(A, sigma, eta, beta, n_latents):
    """R3: the global optimum where the decoder is learned too, linear as the encoder.

    Args:
        A, sigma, beta: as of `inference_performance`.
        eta: standard deviation of the decoder; None if it is learned.
        n_latents: of the model; those beyond n are collapsed at any β.

    Returns:
        `LinearOptimum`.

    Raises:
        ValueError: if an argument is not as above.
    """
    A, sigma, _ = _check(A, sigma, beta, eta)
    n = A.shape[0]
    if not isinstance(n_latents, (int, np.integer)) or n_latents < 1:
        raise ValueError(
            f"n_latents must be a whole number above 0. Received: {n_latents!r}."
        )
    eigenvalues, vectors = np.linalg.eigh(A @ A.T + sigma**2 * np.eye(n))
    beyond = max(0, n_latents - n)  # latents with no direction of the data left
    eigenvalues = np.pad(eigenvalues[::-1], (0, beyond))
    vectors = np.pad(vectors[:, ::-1], ((0, 0), (0, beyond)))
    if eta is None:
        eta = _learned_eta(eigenvalues[:n], beta, min(n, n_latents))
    w = beta * eta**2
    kept = eigenvalues[:n_latents]
    scale = np.sqrt(np.maximum(kept - w, 0))
    rates = np.log(np.maximum(kept / w, 1)) / 2
    distortion = np.minimum(kept, w).sum() + eigenvalues[n_latents:].sum()
    rate = rates.sum()
    log_likelihood = -0.5 * (n * np.log(2 * np.pi * eta**2) + distortion / eta**2)
    return LinearOptimum(
        decoder=vectors[:, :n_latents] * scale,
        encoder=(vectors[:, :n_latents] * scale / np.maximum(kept, w)).T,
        variances=w / np.maximum(kept, w),
        rates=rates,
        distortion=float(distortion),
        rate=float(rate),
        objective=float(log_likelihood - beta * rate),
        active_latents=int((kept > w).sum()),
        eta=float(eta),
        water_level=float(w),
        collapse_betas=kept / eta**2,
    )


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

    decoder: np.ndarray
    encoder: np.ndarray
    variances: np.ndarray
    rates: np.ndarray
    distortion: float
    rate: float
    objective: float
    active_latents: int
    eta: float
    water_level: float
    collapse_betas: np.ndarray


def table(A, sigma, betas, eta=None, encoder="diagonal") -> pd.DataFrame:
    """`inference_performance` at several β: a row each, with a column beta."""
    return pd.DataFrame(
        [
            {"beta": beta} | inference_performance(A, sigma, beta, eta, encoder)
            for beta in betas
        ]
    )


def _learned_eta(eigenvalues, beta, n_latents):
    """The η that maximises the objective, over the numbers of active latents."""
    n, best = len(eigenvalues), None
    for active in range(n_latents + 1):
        rest = eigenvalues[active:].sum()
        if n - beta * active <= 0 or rest <= 0:
            continue
        variance = rest / (n - beta * active)
        w = beta * variance
        kept = eigenvalues[:n_latents]
        if int((kept > w).sum()) != active:
            continue
        distortion = np.minimum(kept, w).sum() + eigenvalues[n_latents:].sum()
        rate = np.log(kept[:active] / w).sum() / 2
        value = -0.5 * (n * np.log(variance) + distortion / variance) - beta * rate
        if best is None or value > best[0]:
            best = value, variance
    if best is None:
        raise ValueError(
            f"At beta = {beta} the objective grows without bound as eta falls. Give "
            "eta."
        )
    return np.sqrt(best[1])


def _measures(A, sigma, W, V):
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
    return np.linalg.slogdet(matrix)[1]


def _matrix(A):
    A = np.asarray(A, np.float64)
    if A.ndim != 2 or not np.isfinite(A).all() or not A.size:
        raise ValueError(
            f"A must be a finite matrix (n, k). Received: shape {A.shape}."
        )
    return A


def positive(name, value) -> float:
    """The number, if it is one above 0, else a ValueError."""
    try:
        is_number = np.ndim(value) == 0 and not isinstance(value, (str, bytes))
        number = float(value) if is_number else np.nan
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name} must be above 0, one number. Received: {value!r}.")
    return number


def _check(A, sigma, beta, eta):
    sigma, beta = positive("sigma", sigma), positive("beta", beta)
    eta = sigma if eta is None else positive("eta", eta)
    return _matrix(A), sigma, beta * eta**2

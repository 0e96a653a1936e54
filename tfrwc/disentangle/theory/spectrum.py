"""A linear world by its singular values, of which every measure is a sum.

With A / σ = P diag(√r) Uᵀ and the level u = β η²/σ², the best encoder's W A is
U diag(p) Uᵀ and its error U diag(q) Uᵀ, with p = r / (u + r) and q = u / (u + r). AᵀA
is never formed: where columns of A are nearly parallel, or of very different lengths,
half of the digits of its small eigenvalues would be lost. No difference of nearly equal
numbers is taken where a sum of positive ones says the same.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """The eigenvalues r (k,) of AᵀA/σ², and its eigenvectors, the columns of U (k, k).

    Attributes:
        r: those that are rounding are 0.
        U: a row for each factor.
        n: dimensions of the data.
        sigma: the noise in the data.
    """

    r: Array
    U: Array
    n: int
    sigma: float

    @cached_property
    def squares(self) -> Array:
        """Squared entries of U: rows and columns sum to 1."""
        return self.U**2

    @cached_property
    def g(self) -> Array:
        """Squared lengths of the columns of A, relative to σ²: (k,)."""
        return self.squares @ self.r

    def split(self, u: float | Array) -> tuple[Array, Array, Array]:
        """p, q and r / (u + r)², the eigenvalues of σ² W Wᵀ, at levels u: (…, k)."""
        total = self.r + np.asarray(u)[..., None]
        p = self.r / total
        return p, np.asarray(u)[..., None] / total, p / total


def spectrum(A: Array, sigma: float) -> Spectrum:
    """`Spectrum` of a mixing A (n, k) and noise σ."""
    n, k = A.shape
    _, roots, vectors = np.linalg.svd(A / sigma, full_matrices=n < k)
    roots = np.pad(roots, (0, k - len(roots)))
    rounding = np.finfo(float).eps * max(n, k) * roots[0]
    return Spectrum(np.where(roots > rounding, roots, 0) ** 2, vectors.T, n, sigma)


def log_q(world: Spectrum, u: Array) -> Array:
    """E log q(s|x) per latent of a diagonal encoder, alone, at levels u: (…,).

    Args:
        world: of A and σ.
        u: levels (…,).
    """
    _, q, noise = world.split(u)
    gains = world.g / u[..., None]
    errors = (1 + gains) * ((q**2 + noise) @ world.squares.T)
    each: Array = np.log(2 * np.pi) + errors - np.log1p(gains)
    return -each.mean(axis=-1) / 2


@np.errstate(over="ignore", invalid="ignore")  # what overflows is not representable
def measures(world: Spectrum, u: float, encoder: str) -> dict[str, float]:
    """What `inference_performance` returns, at the level u = β η²/σ².

    Args:
        world: of A and σ.
        u: the level.
        encoder: ``"diagonal"`` or ``"full"``.
    """
    p, q, noise = world.split(u)
    r, k = world.r, len(world.r)
    signal = p**2 + noise  # of W S Wᵀ
    # Eigenvalues of V, and of V⁻¹ less 1; what divides the errors along each.
    inside, errors = r, q**2 + noise
    if encoder == "diagonal":
        inside, errors = world.g, world.squares @ errors
    v, gains = u / (u + inside), inside / u
    log_v = -np.log1p(gains).sum()
    misfit = (errors + gains * errors).sum()
    true = np.log1p(r).sum()  # the log determinant of the true posterior's precision
    shift = (p * (1 - u) * ((1 - u) / (u + r))).sum()
    decoded = (u * (inside / (u + inside))).sum()
    found = {
        "log_q": -0.5 * (np.log(2 * np.pi) + (log_v + misfit) / k),
        "mse": (q**2 + noise).mean(),
        "kl_qp": 0.5 * (v.sum() + decoded - k - true - log_v + shift) / k,
        "kl_pq": 0.5 * (log_v + misfit - k + true) / k,
        **_informations(world, u, encoder),
        "rate": 0.5 * ((v - 1).sum() - log_v + signal.sum()),
        "distortion": (q**2 + q * p * u).sum() + world.n - k + decoded,
    }
    plain = {name: float(value) for name, value in found.items()}
    plain["distortion"] *= world.sigma * world.sigma
    return plain | {"active_latents": int((world.squares @ signal > 0.01).sum())}


def representable(values: dict[str, float], u: float) -> dict[str, float]:
    """Return measures at a level u if all are finite.

    Raises:
        ValueError: if one is too large for a float.
    """
    lost = [name for name, value in values.items() if not np.isfinite(value)]
    if lost:
        raise ValueError(
            f"float64 does not hold {', '.join(lost)}: too large. Received: beta (eta "
            f"/ sigma)**2 = {u:.3g}. Give a beta closer to 1, or A, sigma and eta in a "
            "larger unit."
        )
    return values


def _informations(world: Spectrum, u: float, encoder: str) -> dict[str, float]:
    """What latents tell of factors, and of each other."""
    p, q, noise = world.split(u)
    k = len(p)
    if encoder == "full":
        shared, own = q, np.zeros(k)  # V is U diag(shared) Uᵀ + diag(own)
    else:
        shared, own = np.zeros(k), u / (u + world.g)
    given_s, aggregate = shared + noise, shared + noise + p**2
    of_noise, of_all = (world.squares @ e + own for e in (given_s, aggregate))
    dependence, whole = (_log_det(world.U, e, own) for e in (given_s, aggregate))
    # W A W Aᵀ is a sum over factors, so that what is not of factor j is a sum, too.
    pairs = ((world.U * p) @ world.U.T) ** 2
    table = np.log1p(pairs / (pairs @ (1 - np.eye(k)) + of_noise[:, None])) / 2
    ordered = np.sort(table, axis=0)
    return {
        "mutual_information": (whole - dependence) / 2 / k,
        "marginal_information": np.diag(table).mean(),
        "gap": (ordered[-1] - (ordered[-2] if k > 1 else 0)).mean(),
        "aggregate_total_correlation": (np.log(of_all).sum() - whole) / 2,
        "conditional_total_correlation": (np.log(of_noise).sum() - dependence) / 2,
    }


def _log_det(U: Array, eigenvalues: Array, own: Array) -> float:
    """Of U diag(eigenvalues) Uᵀ + diag(own); `own` is 0 throughout, or nowhere."""
    if not own.any():
        return float(np.log(eigenvalues).sum())
    roots = np.linalg.svd(
        U * np.sqrt(eigenvalues) / np.sqrt(own)[:, None], compute_uv=False
    )
    return float(np.log(own).sum() + np.log1p(roots**2).sum())

"""The points that scores are computed from: codes and factors."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.float64]
Factors = NDArray[np.integer]
_LARGEST = 1e150


def checked(
    codes: ArrayLike, factors: ArrayLike, live: ArrayLike | None
) -> tuple[Codes, Factors]:
    """Return codes (n, live latents) and factors (n, factors) as arrays.

    Where no latent is live there is one, constant: it tells nothing.

    Raises:
        ValueError: if they are not of these shapes, codes are not finite, factors are
            no whole numbers or never vary, or `live` is not a bool for each latent.
    """
    codes, factors = _real(codes), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise ValueError(
            "codes must be (n, latents) and factors (n, factors). Received: "
            f"{codes.shape} and {factors.shape}."
        )
    factors = checked_factors(factors)
    return live_codes(codes, live), factors


def checked_factors(factors: ArrayLike) -> Factors:
    """Return factors (n, factors) as an array.

    Raises:
        ValueError: if they are not of this shape, no whole numbers, or never vary.
    """
    factors = np.asarray(factors)
    if factors.ndim != 2:
        raise ValueError(f"factors must be (n, factors). Received: {factors.shape}.")
    if not factors.size:
        raise ValueError(f"There must be a factor. Received: factors {factors.shape}.")
    if not np.issubdtype(factors.dtype, np.integer):
        raise ValueError(
            f"factors must be whole numbers. Received: {factors.dtype}. Bin those that "
            "are not."
        )
    constant = [j for j, f in enumerate(factors.T) if (f == f[:1]).all()]
    if constant:
        raise ValueError(
            f"Every factor must vary. Constant: {constant}. Leave these out."
        )
    return factors


def live_codes(codes: ArrayLike, live: ArrayLike | None) -> Codes:
    """Codes (n, live latents); one latent of zeros where none is live.

    Raises:
        ValueError: if codes are not a matrix of finite numbers, or `live` is not a
            bool for each latent.
    """
    codes = _real(codes)
    if codes.ndim != 2:
        raise ValueError(f"codes must be (n, latents). Received: {codes.shape}.")
    if not (np.abs(codes) <= _LARGEST).all():
        raise ValueError(
            f"codes must be finite, and at most {_LARGEST:g}, so that their squares "
            "are numbers. Received: larger ones, NaN or infinity."
        )
    kept = codes[:, live_of(codes, live)]
    return kept if kept.size else np.zeros((len(codes), 1))


def _real(codes: ArrayLike) -> Codes:
    if np.iscomplexobj(codes):
        raise ValueError("codes must be real numbers. Received: complex ones.")
    return np.asarray(codes, np.float64)


def live_of(codes: Codes, live: ArrayLike | None) -> NDArray[np.bool_]:
    """`live` as bools (latents,), all of them for None.

    Raises:
        ValueError: if it is not a bool for each latent.
    """
    latents = codes.shape[1]
    mask = np.ones(latents, bool) if live is None else np.asarray(live)
    if mask.dtype != bool or mask.shape != (latents,):
        raise ValueError(
            f"live must be a bool for each of the {latents} latents. Received: "
            f"{mask.dtype} of shape {mask.shape}. See scores.live_latents."
        )
    return mask


def live_latents(codes: ArrayLike, least: float = 0.05) -> NDArray[np.bool_]:
    """Which latents did not collapse, by the deviation of their means.

    The rule of the FactorVAE paper (arXiv:1802.05983): a latent is dead if the
    deviation of its code is below 0.05, where the prior has 1. By the divergence of
    each latent, the other published rule, it is ``sweep.rates_[i] > 0.1``, say.

    Args:
        codes: (n, latents), means of q(z|x).
        least: deviation of a live one.

    Returns:
        bools (latents,), for `live` of the scores.

    Raises:
        ValueError: if codes are not a finite matrix.
    """
    codes = _real(codes)
    if codes.ndim != 2 or not codes.size or not np.isfinite(codes).all():
        raise ValueError(
            f"codes must be finite numbers (n, latents). Received: {codes.shape}."
        )
    live: NDArray[np.bool_] = codes.std(axis=0) >= least
    return live


def halves(n: int, random_state: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of two random halves of n points, to learn from and to test on."""
    order = np.random.default_rng(random_state).permutation(n)
    return order[: n // 2], order[n // 2 :]

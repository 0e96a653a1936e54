"""The points that scores are computed from: codes and factors."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.float64]
Factors = NDArray[np.integer]


def checked(codes: ArrayLike, factors: ArrayLike) -> tuple[Codes, Factors]:
    """Return codes (n, latents) and factors (n, factors) as arrays.

    Raises:
        ValueError: if they are not of these shapes, codes are not finite, or factors
            are no whole numbers or never vary.
    """
    codes, factors = np.asarray(codes, np.float64), np.asarray(factors)
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors):
        raise ValueError(
            "codes must be (n, latents) and factors (n, factors). Received: "
            f"{codes.shape} and {factors.shape}."
        )
    if not np.issubdtype(factors.dtype, np.integer):
        raise ValueError(
            f"factors must be whole numbers. Received: {factors.dtype}. Bin those that "
            "are not."
        )
    if not np.isfinite(codes).all():
        raise ValueError("codes must be finite. Received: NaN or infinity.")
    constant = [j for j, f in enumerate(factors.T) if (f == f[:1]).all()]
    if constant:
        raise ValueError(
            f"Every factor must vary. Constant: {constant}. Leave these out."
        )
    return codes, factors


def halves(n: int, random_state: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of two random halves of n points, to learn from and to test on."""
    order = np.random.default_rng(random_state).permutation(n)
    return order[: n // 2], order[n // 2 :]

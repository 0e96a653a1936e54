"""How known factors become data: worlds in which the true posterior can be had.

>>> from tfrwc.datasets import mixing
>>> f = mixing.product(weak=0.3)
>>> factors, x = mixing.sample(f, sigma=0.3, count=1000, seed=0)

Each function here returns f(s, xp): s of shape (..., k) to the means of the data, (...,
n). `xp` is numpy, or ``keras.ops`` where s is a tensor, as in a decoder held fixed.
"""

import numpy as np


def linear(A):
    """x = A s.

    Args:
        A: (n, k).

    Raises:
        ValueError: if A is not a finite matrix.
    """
    A = _check(A)

    def f(s, xp=np):
        return xp.matmul(s, xp.array(A.T, dtype=s.dtype))

    return f


def tanh(A):
    """x = tanh(A s), of each coordinate. `A` as of `linear`."""
    inner = linear(A)

    def f(s, xp=np):
        return xp.tanh(inner(s, xp))

    return f


def sum_and_squares():
    """x = (s₁ + s₂, s₁² - s₂²), for two factors."""

    def f(s, xp=np):
        a, b = s[..., 0], s[..., 1]
        return xp.stack([a + b, a * a - b * b], axis=-1)

    return f


def product(weak=0.3):
    """x = (s₁ s₂, weak (s₁ + s₂)), for two factors.

    The data do not change when the factors are swapped, so that the true posterior is
    symmetric, and often has two modes.

    Args:
        weak: how strongly the sum is seen; with 0 only the product is.

    Raises:
        ValueError: if `weak` is not a finite number.
    """
    if not (np.isscalar(weak) and np.isfinite(weak)):
        raise ValueError(f"weak must be a finite number. Received: {weak!r}.")

    def f(s, xp=np):
        a, b = s[..., 0], s[..., 1]
        return xp.stack([a * b, weak * (a + b)], axis=-1)

    return f


def sample(f, sigma, count, seed, k=2):
    """Factors s ~ N(0, I_k) and data x = f(s) + σ ε, the same for the same seed.

    Args:
        f: one of the above, or any function (count, k) -> (count, n).
        sigma: standard deviation of the noise; 0 for none.
        count: how many.
        seed: of `numpy.random.default_rng`.
        k: number of factors.

    Returns:
        factors (count, k) and x (count, n), both float32.

    Raises:
        ValueError: if an argument is not as above.
    """
    if not (np.isscalar(sigma) and np.isfinite(sigma) and sigma >= 0):
        raise ValueError(f"sigma must be 0 or more. Received: {sigma!r}.")
    if count < 1 or k < 1:
        raise ValueError(
            f"count and k must be 1 or more. Received: count={count}, k={k}."
        )
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(count, k))
    means = np.asarray(f(factors))
    if means.ndim != 2 or len(means) != count:
        raise ValueError(
            f"f must return one row of data per row of factors, ({count}, n). "
            f"Received: shape {means.shape}."
        )
    x = means + sigma * rng.normal(size=means.shape)
    return factors.astype(np.float32), x.astype(np.float32)


def _check(A):
    A = np.asarray(A, np.float64)
    if A.ndim != 2 or not np.isfinite(A).all() or not A.size:
        raise ValueError(
            f"A must be a finite matrix (n, k). Received: shape {A.shape}."
        )
    return A

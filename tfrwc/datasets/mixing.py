"""How known factors become data: worlds in which the true posterior can be had.

>>> from tfrwc.datasets import mixing
>>> f = mixing.product(weak=0.3)
>>> factors, x = mixing.sample(f, sigma=0.3, count=1000, seed=0)

All but `sample` return a function f(s, xp) that maps factors s, of shape (..., k), to
the means of the data, (..., n). `xp` is numpy, or ``keras.ops`` where s is a tensor, as
in a decoder that is held fixed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import is_number, whole_number
from tfrwc.disentangle.checks import finite_matrix

# Arrays of NumPy and tensors of Keras have no type in common.
Mixing = Callable[..., Any]


def linear(A: ArrayLike) -> Mixing:
    """x = A s.

    Args:
        A: (n, k).

    Raises:
        ValueError: if A is not a finite matrix.
    """
    matrix = finite_matrix(A)

    def f(s: Any, xp: Any = np) -> Any:
        return xp.matmul(s, xp.array(matrix.T, dtype=s.dtype))

    return f


def tanh(A: ArrayLike) -> Mixing:
    """x = tanh(A s), coordinate by coordinate.

    Args:
        A: (n, k).

    Raises:
        ValueError: if A is not a finite matrix.
    """
    inner = linear(A)

    def f(s: Any, xp: Any = np) -> Any:
        return xp.tanh(inner(s, xp))

    return f


def sum_and_squares() -> Mixing:
    """x = (s₁ + s₂, s₁² - s₂²), for two factors."""

    def f(s: Any, xp: Any = np) -> Any:
        a, b = s[..., 0], s[..., 1]
        return xp.stack([a + b, a * a - b * b], axis=-1)

    return f


def product(weak: float = 0.3) -> Mixing:
    """x = (s₁ s₂, weak (s₁ + s₂)), for two factors.

    The data do not change when the factors are swapped, so that the true posterior is
    symmetric, and often has two modes.

    Args:
        weak: weight of the sum; with 0 the data show the product alone.

    Raises:
        ValueError: if `weak` is not a finite number.
    """
    if not is_number(weak):
        raise ValueError(f"weak must be a finite number. Received: {weak!r}.")

    def f(s: Any, xp: Any = np) -> Any:
        a, b = s[..., 0], s[..., 1]
        return xp.stack([a * b, weak * (a + b)], axis=-1)

    return f


def sample(
    f: Mixing, sigma: float, count: int, seed: int, k: int = 2
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw factors s ~ N(0, I_k) and data x = f(s) + σ ε; a seed gives the same again.

    Args:
        f: what a function above returns, or any function (count, k) -> (count, n).
        sigma: standard deviation σ of the noise; 0 for none.
        count: number of examples.
        seed: of `numpy.random.default_rng`.
        k: number of factors.

    Returns:
        factors (count, k) and x (count, n), both float32.

    Raises:
        ValueError: if an argument is not as above.
    """
    if not is_number(sigma) or sigma < 0:
        raise ValueError(f"sigma must be 0 or more. Received: {sigma!r}.")
    count, k = whole_number(count, "count"), whole_number(k, "k")
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

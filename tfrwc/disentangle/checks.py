"""Checks of arguments that the theory and the models share."""

from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import whole_number

# Of A or η to σ, as a power of ten: their squares are numbers of float64.
_LARGEST_RATIO = 140


def count(value: object, name: str) -> int:
    """Return `value` as an int: how many there are of something, 1 or more.

    Raises:
        ValueError: if it is none, also for a float such as 2.0.
    """
    if not isinstance(value, Integral):
        raise ValueError(
            f"{name} must be a whole number of 1 or more. Received: {value!r}."
        )
    return whole_number(value, name)


def check_data(x: NDArray[Any], likelihood: str) -> None:
    """Check that x can be data of a likelihood.

    Raises:
        ValueError: if a value is NaN or infinite, or for ``"bernoulli"`` outside 0..1.
    """
    lost = int((~np.isfinite(x)).sum())
    if lost:
        raise ValueError(
            f"x must be finite. Received: {lost} of {x.size} values NaN or infinite. "
            "Leave these examples out, or fill in the values."
        )
    if likelihood == "bernoulli" and x.size and (x.min() < 0 or x.max() > 1):
        raise ValueError(
            'x of likelihood="bernoulli" must be within 0..1. Received: values from '
            f"{x.min():g} to {x.max():g}. Divide images of 0..255 by 255; for other "
            'data choose likelihood="gaussian".'
        )


def finite_matrix(A: ArrayLike) -> NDArray[np.float64]:
    """Return A as a float64 array.

    Raises:
        ValueError: if it is not a finite matrix (n, k).
    """
    matrix = np.asarray(A, np.float64)
    if matrix.ndim != 2 or not np.isfinite(matrix).all() or not matrix.size:
        raise ValueError(
            f"A must be a finite matrix (n, k). Received: shape {matrix.shape}."
        )
    return matrix


def positive(name: str, value: object) -> float:
    """Return a value as a float; also one of an array without axes.

    Args:
        name: what the caller calls it, for the message.
        value: a number above 0.

    Raises:
        ValueError: if it is none, or not finite.
    """
    try:
        is_number = np.ndim(value) == 0 and not isinstance(value, (str, bytes))  # type: ignore[arg-type]
        number = float(value) if is_number else np.nan  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = np.nan
    if not (np.isfinite(number) and number > 0):
        raise ValueError(f"{name} must be above 0, one number. Received: {value!r}.")
    return number


def world(
    A: ArrayLike, sigma: float, beta: float, eta: float | None
) -> tuple[NDArray[np.float64], float, float, float]:
    """The mixing, the noise σ of a linear world, β, and η, in the unit they came in.

    Raises:
        ValueError: if A is not a finite matrix, another argument is not above 0, or
            float64 does not hold the squares of the ratios between A, sigma and eta;
            None for `eta` stands for sigma.
    """
    sigma, beta = positive("sigma", sigma), positive("beta", beta)
    eta = sigma if eta is None else positive("eta", eta)
    matrix = finite_matrix(A)
    largest = float(np.abs(matrix).max()) or sigma
    ratios = [np.log10(a) - np.log10(sigma) for a in (largest, eta)]
    if np.abs(ratios).max() > _LARGEST_RATIO:
        raise ValueError(
            "A and eta must be within 1e-140 and 1e140 times sigma, or float64 does "
            f"not hold their squares. Received: A up to {largest:g}, sigma {sigma:g}, "
            f"eta {eta:g}."
        )
    return matrix, sigma, beta, eta

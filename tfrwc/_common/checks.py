"""Checks of arguments, raised before anything is computed."""

import math
from numbers import Integral, Real


def is_number(value: object) -> bool:
    """Whether a value is a finite real number; True and False are none."""
    return (
        isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    )


def whole_number(value: object, name: str, at_least: int = 1) -> int:
    """Return `value` as an int.

    Args:
        value: a number without a fraction, of Python or NumPy.
        name: what the caller calls it, for the message.
        at_least: the least value allowed.

    Raises:
        ValueError: if it is no whole number, or too small.
    """
    if not is_number(value) or value != int(value) or value < at_least:  # type: ignore[call-overload,operator]
        raise ValueError(
            f"{name} must be a whole number of {at_least} or more. Received: {value!r}."
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def random_seed(value: object, name: str = "seed") -> int:
    """Return a seed of a random generator as an int: a whole number of 0 or more.

    Raises:
        ValueError: if it is none, also for a float such as 1.0.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 0:
        raise ValueError(
            f"{name} must be a whole number of 0 or more. Received: {value!r}."
        )
    return int(value)


def one_of(value: object, allowed: tuple[str, ...], name: str) -> str:
    """Return `value` if it is one of the names allowed.

    Raises:
        ValueError: if it is none of them.
    """
    if not isinstance(value, str) or value not in allowed:
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, allowed))}. Received: "
            f"{value!r}."
        )
    return value

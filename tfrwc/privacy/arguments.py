"""Checks of the arguments that several folders take: epsilon, delta, confidence."""

from typing import cast

from tfrwc._common.checks import is_number


def check_epsilon(epsilon: object) -> float:
    """Return an epsilon as a float.

    Raises:
        ValueError: if it is not a number above 0, or not finite.
    """
    if not is_number(epsilon) or cast(float, epsilon) <= 0:
        raise ValueError(f"epsilon must be above 0 and finite. Received: {epsilon!r}.")
    return float(cast(float, epsilon))


def check_delta(delta: object) -> float:
    """Return a delta as a float.

    Raises:
        ValueError: if it is not a probability above 0 and below 1.
    """
    return _probability(delta, "delta")


def check_confidence(confidence: object) -> float:
    """Return a confidence as a float.

    Raises:
        ValueError: if it is not a probability above 0 and below 1.
    """
    return _probability(confidence, "confidence")


def check_guarantee(guarantee: object) -> tuple[float, float]:
    """Return a guarantee as (epsilon, delta); delta may be 0.

    Raises:
        ValueError: if it is not such a pair.
    """
    try:
        epsilon, delta = cast(tuple[object, object], guarantee)
    except (TypeError, ValueError):
        raise ValueError(
            "A guarantee is a pair (epsilon, delta), with a delta of 0 for a pure one. "
            f"Received: {guarantee!r}."
        ) from None
    return check_epsilon(epsilon), 0.0 if delta == 0 else check_delta(delta)


def _probability(value: object, name: str) -> float:
    if not is_number(value) or not 0 < cast(float, value) < 1:
        raise ValueError(
            f"{name} is a probability above 0 and below 1. Received: {value!r}."
        )
    return float(cast(float, value))

"""The arguments of an audit: mechanism and pair, checked, and what is stated."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc.privacy.attack.audit.experiments import Levels


def stated_epsilon(
    mechanism: Any, shape: tuple[int, ...], per: str, delta: float, k: int
) -> tuple[float, Levels]:
    """The epsilon that is stated, and the levels between the bounds of the images."""
    of_patient = {"images_per_patient": k} if per == "patient" else {}
    statement = mechanism.statement(shape, delta=delta or 1e-5, **of_patient)
    name = {"value": "per_value", "patient": "patient"}.get(per, "image")
    pure = getattr(statement, f"{name}_epsilon")
    approximate = getattr(statement, f"{name}_epsilon_delta")
    low, high = getattr(statement, "bounds", (0.0, 255.0))
    return float(approximate.epsilon if delta else pure), Levels(low, high)


def check_mechanism(mechanism: Any) -> None:
    for method in ("privatize", "statement"):
        if not callable(getattr(mechanism, method, None)):
            raise TypeError(
                "audit attacks an object with privatize(images, key=, ids=) and "
                f"statement(shape, delta=). Received: {type(mechanism).__name__}, "
                f"which has no {method}."
            )


def check_pair(
    pair: tuple[ArrayLike, ArrayLike], shape: tuple[int, ...], per: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The pair as two arrays (k, *shape)."""
    try:
        first, other = (np.asarray(images) for images in pair)
    except (TypeError, ValueError) as error:
        raise ValueError(
            "pair is two images, or for a patient two arrays of images. Received: "
            f"{type(pair).__name__}."
        ) from error
    if per != "patient":
        first, other = first[None], other[None]
    if first.shape != other.shape or first.shape[1:] != shape or not len(first):
        wanted = f"(images, *{shape})" if per == "patient" else f"{shape}"
        raise ValueError(
            f"The inputs of a pair have the shape {wanted} each. Received: "
            f"{np.shape(pair[0])} and {np.shape(pair[1])}."
        )
    if not (np.isfinite(first).all() and np.isfinite(other).all()):
        raise ValueError(
            "The inputs of a pair must be finite. Received: NaN or infinity."
        )
    changed = int((first != other).sum())
    if not changed:
        raise ValueError("The inputs of a pair are equal: nothing tells them apart.")
    if per == "value" and changed != 1:
        raise ValueError(
            f'For per="value" the inputs differ in one value. Received: {changed}. Use '
            'per="image" for more.'
        )
    return first, other

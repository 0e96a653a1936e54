"""Mechanisms that guarantee something, and so can be made for a budget."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from tfrwc._common.checks import whole_number
from tfrwc.privacy.accounting.release import smallest_noise
from tfrwc.privacy.arguments import check_delta, check_epsilon
from tfrwc.privacy.release.images import FullShape, check_shape
from tfrwc.privacy.release.mechanism import Mechanism

M = TypeVar("M", bound="Guaranteed")


@dataclass(frozen=True)
class Guaranteed(Mechanism):
    """A mechanism that has a guarantee, and so can be made for a budget."""

    @classmethod
    def for_budget(
        cls: type[M],
        epsilon: float,
        per: str | None = None,
        *,
        shape: Sequence[int] | None = None,
        delta: float | None = None,
        images_per_patient: int | None = None,
        **parameters: Any,
    ) -> M:
        """Make the mechanism with the least noise that keeps a budget.

        Args:
            epsilon: the budget.
            per: what it is for: ``"value"``, ``"image"`` or ``"patient"``.
            shape: of an image, for the last two; as of `statement`.
            delta: of the budget; None for a pure one.
            images_per_patient: the greatest number of images of one patient, for
                ``"patient"``.
            **parameters: the mechanism's other ones (cell and m, or levels), and
                bounds, if its images are not of uint8.

        Raises:
            ValueError: if the budget does not say what it is for, or the mechanism
                cannot keep it.
        """
        full, images = _check_budget(epsilon, per, shape, delta, images_per_patient)
        one = cls._with_noise(1.0, **parameters)
        if delta is None and math.isinf(one._image_epsilon(full)):
            raise ValueError(
                f"{cls.__name__} has no pure guarantee: give a delta, or use "
                "PixelLaplace."
            )

        def with_noise(noise: float) -> M:
            try:
                return cls._with_noise(noise, **parameters)
            except ValueError as error:
                raise ValueError(
                    f"{cls.__name__} has no noise for an epsilon of {epsilon:g} per "
                    f"{per}, but more of it or less. Choose an epsilon nearer to 1. "
                    f"({error})"
                ) from error

        # Pure epsilons are inverse to the noise.
        pure = images * one._image_epsilon(full) / epsilon
        if delta is None:
            return _least_noise(with_noise, float(pure), full, images, epsilon)

        def cost(noise: float) -> float:
            return with_noise(noise)._images_cost(full, delta, images).epsilon

        enough = float(pure)
        if math.isinf(enough):
            enough = float(one._span)
            while cost(enough) > epsilon:
                enough *= 4
        return with_noise(smallest_noise(cost, epsilon, enough))

    @classmethod
    @abstractmethod
    def _with_noise(cls: type[M], noise: float, **parameters: Any) -> M:
        """Make the mechanism; its pure epsilons are to be inverse to the noise."""


def _least_noise(
    with_noise: Callable[[float], M],
    noise: float,
    shape: FullShape,
    images: int,
    epsilon: float,
) -> M:
    """The mechanism whose pure epsilon is the budget, or by rounding just below it."""
    mechanism = with_noise(noise)
    while images * mechanism._image_epsilon(shape) > epsilon:
        noise = math.nextafter(noise, math.inf)
        mechanism = with_noise(noise)
    return mechanism


def _check_budget(
    epsilon: float,
    per: str | None,
    shape: Sequence[int] | None,
    delta: float | None,
    images_per_patient: int | None,
) -> tuple[FullShape, int]:
    """The shape and the number of images that a budget is for."""
    check_epsilon(epsilon)
    allowed = ("value", "image", "patient")
    if per not in allowed:
        raise ValueError(
            f"A budget is per {', '.join(map(repr, allowed))}: an epsilon alone says "
            f"nothing. Received: per={per!r}."
        )
    if delta is not None:
        check_delta(delta)
    if per == "value":
        return (1, 1, 1), 1
    if shape is None:
        raise ValueError(
            f"A budget per {per} depends on how many values an image has. Give "
            "shape=(height, width) or (height, width, channels)."
        )
    if per == "image":
        return check_shape(shape), 1
    if images_per_patient is None:
        raise ValueError(
            "A budget per patient needs images_per_patient, the greatest number of "
            "images of one patient."
        )
    return check_shape(shape), whole_number(images_per_patient, "images_per_patient")

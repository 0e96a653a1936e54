"""The noise that a statement speaks of, for accountants of several releases."""

import math
from dataclasses import fields
from typing import Any

from tfrwc.privacy.accounting.mixed import Laplace, Normal, Part, Response
from tfrwc.privacy.release.dppix import DPPix
from tfrwc.privacy.release.images import check_shape
from tfrwc.privacy.release.mechanism import Mechanism
from tfrwc.privacy.release.pixel_gaussian import PixelGaussian
from tfrwc.privacy.release.pixel_laplace import PixelLaplace
from tfrwc.privacy.release.randomized_response import RandomizedResponse
from tfrwc.privacy.release.statement import Statement

_MECHANISMS: dict[str, type[Mechanism]] = {
    one.__name__: one
    for one in (DPPix, PixelGaussian, PixelLaplace, RandomizedResponse)
}


def parts_of(statement: Statement, images: int, per: str) -> list[Part] | None:
    """All noise on one value of an image, or on a number of images.

    Args:
        statement: of released images.
        images: how many images together.
        per: ``"value"`` or ``"image"``.

    Returns:
        The parts, or None if the statement is not what a mechanism of this package
        states.
    """
    mechanism = _mechanism(statement)
    if mechanism is None:
        return None
    values = 1 if per == "value" else images * statement.values_per_image
    epsilon, steps = statement.per_value_epsilon, _steps(mechanism)
    if isinstance(mechanism, PixelLaplace):
        return [Laplace(epsilon, values, steps)]
    if isinstance(mechanism, RandomizedResponse):
        return [Response(epsilon, mechanism.levels, values)]
    if isinstance(mechanism, PixelGaussian):
        low, high = statement.bounds
        return [Normal((high - low) * math.sqrt(values) / _deviation(mechanism))]
    if not isinstance(mechanism, DPPix) or per == "value":
        return [Laplace(epsilon, 1, steps)]
    height, width, channels = (*statement.image_shape, 1)[:3]
    sizes = [
        tall * wide
        for tall in _sides(height, mechanism.cell)
        for wide in _sides(width, mechanism.cell)
    ]
    return [
        Laplace(size * epsilon, sizes.count(size) * channels * images, size * steps)
        for size in sorted(set(sizes))
    ]


def _mechanism(statement: Statement) -> Mechanism | None:
    """The mechanism that makes a statement; None if it would state something else."""
    kind = _MECHANISMS.get(statement.mechanism)
    if kind is None:
        return None
    parameters: dict[str, Any] = dict(statement.parameters)
    if statement.bounds != (0.0, 255.0):
        parameters["bounds"] = statement.bounds
    if not parameters.keys() <= {field.name for field in fields(kind)}:
        return None
    try:
        mechanism = kind(**parameters)
    except (TypeError, ValueError):
        return None  # of another version, which had other parameters
    shape = check_shape(statement.image_shape)
    of_value, of_image = (
        mechanism._value_epsilon(shape),
        mechanism._image_epsilon(shape),
    )
    same = _alike(of_value, statement.per_value_epsilon)
    return mechanism if same and _alike(of_image, statement.image_epsilon) else None


def _alike(one: float, other: float) -> bool:
    return one == other or math.isclose(one, other, rel_tol=1e-9)


def _steps(mechanism: Mechanism) -> int:
    """Steps of the grid that noise is drawn on, within the bounds of a value."""
    return int(getattr(mechanism._grid(), "steps", 0))


def _deviation(mechanism: PixelGaussian) -> float:
    """Of normal noise that hides no more than the mechanism's own."""
    # What is drawn in steps of a grid is as good as normal noise less that of rounding,
    # of 1.5 steps.
    step = float(getattr(mechanism._grid(), "step", 0.0))
    return math.sqrt(mechanism.sigma**2 - (1.5 * step) ** 2)


def _sides(length: int, cell: int) -> list[int]:
    return [min(cell, length - start) for start in range(0, length, cell)]

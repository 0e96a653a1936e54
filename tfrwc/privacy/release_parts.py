"""The noise that a statement speaks of, for accountants of several releases."""

import math
from dataclasses import fields
from typing import Any

from tfrwc.privacy.accounting.mixed import Part
from tfrwc.privacy.release.catalogue import MECHANISMS
from tfrwc.privacy.release.images import check_shape
from tfrwc.privacy.release.mechanism import Mechanism
from tfrwc.privacy.release.statement import Statement


def parts_of(statement: Statement, images: int, per: str) -> list[Part] | None:
    """All noise on one value of an image, or on a number of images.

    Args:
        statement: of released images.
        images: how many images together.
        per: ``"value"`` or ``"image"``.

    Returns:
        The parts, or None if the statement is not what a registered mechanism states,
        or if no accountant knows its noise.
    """
    mechanism = _mechanism(statement)
    if mechanism is None:
        return None
    if per == "value":
        return mechanism._parts((1, 1, 1), 1)
    return mechanism._parts(check_shape(statement.image_shape), images)


def _mechanism(statement: Statement) -> Mechanism | None:
    """The mechanism that makes a statement; None if it would state something else."""
    if statement.mechanism not in MECHANISMS:
        return None
    kind = MECHANISMS[statement.mechanism].mechanism
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

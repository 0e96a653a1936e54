"""What can be seen of the angle of a symmetric object."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import is_number, whole_number

# Of a turn: angles that are nearer to each other are one.
_SAME = 1e-9


def seen_turns(
    shape: ArrayLike, turn: ArrayLike, turns: Sequence[float], folds: Sequence[int]
) -> NDArray[np.int64]:
    """Number angles so that those at which an object looks the same have one number.

    An object of fold f looks the same after a turn of 1 / f: of dSprites the square has
    4, the ellipse 2 and the heart 1.

    Args:
        shape: whole numbers (n,), the index of each object's shape in `folds`.
        turn: whole numbers (n,), the index of each object's angle in `turns`.
        turns: angles, in whole turns.
        folds: of each shape, whole numbers of 1 or more.

    Returns:
        (n,), for the factor in the place of the angle: indices of the angles, without
        the whole symmetries in them, in ascending order of those that occur. An angle
        that only one shape can have is a value of its own.

    Raises:
        ValueError: if an argument is not as above.
    """
    folds = [whole_number(fold, "folds") for fold in folds]
    if not len(turns) or not all(map(is_number, turns)):
        raise ValueError(f"turns must be finite numbers. Received: {list(turns)}.")
    shapes = _indices(shape, len(folds), "shape")
    given = _indices(turn, len(turns), "turn")
    if shapes.shape != given.shape:
        raise ValueError(
            "shape and turn must be of the same points. Received: "
            f"{shapes.shape} and {given.shape}."
        )
    fold = np.array(folds)[shapes]
    part = np.array(turns, float)[given] * fold % 1
    # What is a whole symmetry but for rounding is none.
    seen = np.where(1 - part <= _SAME * fold, 0, part) / fold
    values = np.sort(seen)
    first = np.diff(values, prepend=-1) > _SAME
    places: NDArray[np.int64] = np.searchsorted(values[first], seen + _SAME) - 1
    return places


def _indices(given: ArrayLike, count: int, name: str) -> NDArray[np.integer]:
    """Indices (n,) of so many values.

    Raises:
        ValueError: if they are none.
    """
    indices = np.asarray(given)
    if indices.ndim != 1 or not np.issubdtype(indices.dtype, np.integer):
        raise ValueError(
            f"{name} must be whole numbers (n,). Received: {indices.dtype} of shape "
            f"{indices.shape}."
        )
    if indices.size and not (indices.min() >= 0 and indices.max() < count):
        raise ValueError(
            f"{name} must be from 0 to {count - 1}. Received: {indices.min()} to "
            f"{indices.max()}."
        )
    return indices

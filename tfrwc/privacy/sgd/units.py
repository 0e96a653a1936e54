"""Units of privacy that have several examples, such as patients with their images.

>>> import numpy as np
>>> units = Units(["a", "b", "a", "a"])
>>> units.count, units.most
(2, 3)
>>> rows, places = units.rows(np.array([0, 1]), None, np.random.default_rng(0))
>>> rows
array([0, 2, 3, 1])
>>> places
array([[ 0,  1,  2],
       [ 3, -1, -1]], dtype=int32)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

_MOST_NAMED = 3  # examples, in a message


class Units:
    """Which examples of a data set belong to which unit.

    Args:
        ids: array-like (n,): what each example's unit is called, all numbers or all
            texts.

    Attributes:
        count: number of units.
        sizes: number of examples of each unit, int64 (count,).

    Raises:
        ValueError: if there is none, the unit of an example is missing, or ids are of
            several types.
    """

    def __init__(self, ids: ArrayLike | Sequence[Any]) -> None:
        array = np.asarray(ids)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if array.ndim != 1 or not len(array):
            raise ValueError(
                "units must be (n,), the name or number of the unit that each example "
                f"belongs to. Received: shape {array.shape}."
            )
        _check_known(array)
        codes, names = pd.factorize(array)
        self.sizes = np.bincount(codes, minlength=len(names))
        self.count = len(names)
        # Examples of one unit after the other.
        self._order = np.argsort(codes, kind="stable")
        self._starts = np.cumsum(self.sizes) - self.sizes

    @property
    def examples(self) -> int:
        """Number of examples, of all units together."""
        return len(self._order)

    @property
    def most(self) -> int:
        """Number of examples of the unit that has most."""
        return int(self.sizes.max())

    def is_like(self, other: "Units") -> bool:
        """Whether there are as many units of each size."""
        return np.array_equal(np.sort(self.sizes), np.sort(other.sizes))

    def rows(
        self, chosen: NDArray[np.int64], most: int | None, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """The examples of some units.

        Args:
            chosen: numbers of the units.
            most: examples of a unit at most, drawn at random anew for each call; None
                for all.
            rng: that they are drawn with.

        Returns:
            Numbers of the examples, those of one unit after the other, (rows,); and for
            each unit the places of its examples among these rows, -1 where it has
            fewer than others can have, (units, most or `self.most`).
        """
        limit = self.most if most is None else min(most, self.most)
        parts = [self._examples_of(unit, limit, rng) for unit in chosen]
        sizes = np.array([len(part) for part in parts])
        place = np.arange(limit)
        starts = np.cumsum(sizes) - sizes
        places = np.where(place < sizes[:, None], starts[:, None] + place, -1)
        return np.concatenate(parts), places.astype(np.int32)

    def most_rows(self, rate: float, most: int | None) -> int:
        """Examples in the largest of samples, but for about one in ten thousand.

        Args:
            rate: share of the units in a sample.
            most: examples of a unit at most; None for all.
        """
        sizes = self.sizes if most is None else np.minimum(self.sizes, most)
        deviation = np.sqrt(rate * (1 - rate) * np.square(sizes).sum())
        expected = rate * sizes.sum() + 4 * deviation + sizes.max()
        return int(min(np.ceil(expected), sizes.sum()))

    def _examples_of(
        self, unit: int, limit: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        start, size = self._starts[unit], self.sizes[unit]
        examples = self._order[start : start + size]
        if size <= limit:
            return examples
        return np.sort(rng.choice(examples, limit, replace=False))


def _check_known(ids: NDArray[Any]) -> None:
    """Check that the unit of every example is known, and that equal ones are equal."""
    is_missing = pd.isna(ids) | (ids.astype(str) == "")
    if is_missing.any():
        rows = np.flatnonzero(is_missing)
        some = ", ".join(map(str, rows[:_MOST_NAMED]))
        raise ValueError(
            f"The unit of {len(rows)} examples is missing, of the rows {some}"
            f"{' and others' if len(rows) > _MOST_NAMED else ''}. What is not known of "
            "one cannot be protected as a whole: give each example its unit, or leave "
            "it out."
        )
    kinds = {str if isinstance(i, str) else type(i) for i in ids.tolist()}
    if len(kinds) > 1:
        # 7 and "7" would be two units.
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ValueError(
            f"units must be all numbers or all texts. Received several types: {names}."
        )

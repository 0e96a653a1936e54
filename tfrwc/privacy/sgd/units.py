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
from numpy.typing import ArrayLike, NDArray

from tfrwc.privacy.sgd.unit_names import factorized


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
            several types or of one that names nothing.
    """

    def __init__(self, ids: ArrayLike | Sequence[Any]) -> None:
        codes, names = factorized(ids)
        self._names = names
        self._codes = codes
        self.sizes = np.bincount(codes, minlength=len(names))
        self.count = len(names)
        # Examples of one unit after the other.
        self._order = np.argsort(codes, kind="stable")
        self._starts = np.cumsum(self.sizes) - self.sizes

    def of_examples(self, rows: NDArray[np.int64]) -> list[int]:
        """Numbers of the units that some examples belong to."""
        return list(map(int, self._codes[rows]))

    @property
    def examples(self) -> int:
        """Number of examples, of all units together."""
        return len(self._order)

    @property
    def most(self) -> int:
        """Number of examples of the unit that has most."""
        return int(self.sizes.max())

    def is_like(self, other: "Units") -> bool:
        """Whether they are the same units, each with as many examples."""
        sizes = (
            dict(zip(u._names, u.sizes.tolist(), strict=True)) for u in (self, other)
        )
        return next(sizes) == next(sizes)

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

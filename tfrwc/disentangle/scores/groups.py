"""Points that share the value of a factor, for scores that vote."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrwc.disentangle.scores.points import Factors


@dataclass(frozen=True, eq=False)
class Groups:
    """Which points share a value of a factor, for each value of two or more points.

    Attributes:
        points: indices, those of a value together.
        starts, sizes: of each value in `points`.
    """

    points: NDArray[np.intp]
    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]

    def values(self, rng: np.random.Generator, n: int) -> NDArray[np.intp]:
        """Draw n values, each as often as it occurs: their indices in `sizes`."""
        return rng.choice(len(self.sizes), n, p=self.sizes / self.sizes.sum())

    def draw(
        self, rng: np.random.Generator, values: NDArray[np.intp], n: int
    ) -> NDArray[np.intp]:
        """Draw n points of each of some values: indices (values, n)."""
        places = (rng.random((len(values), n)) * self.sizes[values, None]).astype(int)
        indices: NDArray[np.intp] = self.points[self.starts[values, None] + places]
        return indices


def groups_of(factors: Factors) -> list[Groups]:
    """`Groups` of each factor.

    Raises:
        ValueError: if no two points share a value of one of them.
    """
    groups = []
    for j, factor in enumerate(factors.T):
        _, starts, sizes = np.unique(
            np.sort(factor), return_index=True, return_counts=True
        )
        shared = sizes > 1
        if not shared.any():
            raise ValueError(
                f"No two points share a value of factor {j}: this score needs factors "
                "with few values. Give more points, or bin the factor."
            )
        points = np.argsort(factor, kind="stable")
        groups.append(Groups(points, starts[shared], sizes[shared]))
    return groups

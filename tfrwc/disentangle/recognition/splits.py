"""Which points a readout learns from, and on which it is tested."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfrwc._common.checks import whole_number
from tfrwc.disentangle.scores.points import Factors, checked_factors, halves


@dataclass(frozen=True, eq=False)
class Split:
    """Points to learn from and others to be tested on.

    Attributes:
        train, test: bools (n,), neither of which may be empty.

    Raises:
        ValueError: if they are not, or have a point in common.
    """

    train: NDArray[np.bool_]
    test: NDArray[np.bool_]

    def __post_init__(self) -> None:
        masks = np.asarray(self.train), np.asarray(self.test)
        shapes = [mask.shape for mask in masks]
        if any(m.dtype != bool or m.ndim != 1 for m in masks) or len(set(shapes)) > 1:
            kinds = [f"{mask.dtype} {mask.shape}" for mask in masks]
            raise ValueError(
                "train and test must be bools (n,) for the same points. Received: "
                f"{' and '.join(kinds)}."
            )
        train, test = masks
        if not train.any() or not test.any() or (train & test).any():
            raise ValueError(
                "train and test must have points, and none in common. Received: "
                f"{train.sum()} and {test.sum()}, {(train & test).sum()} of them in "
                "both."
            )
        object.__setattr__(self, "train", train)
        object.__setattr__(self, "test", test)


def random_half(n: int, random_state: int = 0) -> Split:
    """A random half of n points to learn from, the rest to be tested on.

    Nothing new is asked of a readout here, so that it is what others are held against.

    Raises:
        ValueError: if there are fewer than 2 points.
    """
    n = whole_number(n, "n", at_least=2)
    train = np.zeros(n, bool)
    train[halves(n, random_state)[0]] = True
    return Split(train, ~train)


def interpolation(factors: ArrayLike, factor: int) -> Split:
    """Learn outside a gap in the middle of a factor's values, be tested within it.

    A third of the values that occur are held out, rounded down, but at least one.

    Args:
        factors: whole numbers (n, factors), in an order that means something.
        factor: index of the one whose values are held out.

    Raises:
        ValueError: if the factor has fewer than 3 values.
    """
    places, count = _places(factors, factor, at_least=3)
    held = max(1, count // 3)
    first = (count - held) // 2
    return _tested_at((places >= first) & (places < first + held))


def extrapolation(factors: ArrayLike, factor: int) -> Split:
    """Learn at the lesser values of a factor, be tested at the greatest ones.

    A third of the values is held out, as by `interpolation`. An angle that goes all the
    way round has no end, and so nothing beyond it.

    Args:
        factors: as of `interpolation`.
        factor: as of `interpolation`.

    Raises:
        ValueError: if the factor has fewer than 3 values.
    """
    places, count = _places(factors, factor, at_least=3)
    return _tested_at(places >= count - max(1, count // 3))


def combinations(factors: ArrayLike, target: int, others: Sequence[int]) -> Split:
    """Be tested at combinations of values that were not learnt from, though each value
    was.

    The values of each other factor are cut into as many groups of neighbours as the
    target has values. Of one other factor, value k of the target is held out in group
    k: it was seen in the other groups, and these places with other targets. Of several,
    it is held out where the sum of the groups is k, modulo their number.

    Who knows only the one other factor, and learns which target is not there, is wrong
    at every point: less than chance is no mistake here.

    Args:
        factors: whole numbers (n, factors).
        target: index of the factor to be recognised.
        others: indices of one or more others.

    Raises:
        ValueError: if `others` is empty, or a factor of it is the target or has fewer
            values than that.
    """
    classes, count = _places(factors, target, at_least=2)
    if not others or target in others or len(set(others)) < len(others):
        raise ValueError(
            "others must be indices of one or more factors that are not the target. "
            f"Received: {list(others)} and target {target}."
        )
    groups = np.zeros(len(classes), int)
    for other in others:
        places, values = _places(factors, other, at_least=count)
        groups += places * count // values
    return _tested_at(groups % count == classes)


def _tested_at(test: NDArray[np.bool_]) -> Split:
    return Split(~test, test)


def _places(
    factors: ArrayLike, factor: int, at_least: int
) -> tuple[NDArray[np.intp], int]:
    """The place of each point's value among those that occur, and how many these are.

    Raises:
        ValueError: if there is no such factor, or it has too few values.
    """
    checked: Factors = checked_factors(factors)
    index = whole_number(factor, "factor", at_least=0)
    if index >= checked.shape[1]:
        raise ValueError(
            f"There is no factor {index}. factors has {checked.shape[1]}, counted "
            "from 0."
        )
    values, places = np.unique(checked[:, index], return_inverse=True)
    if len(values) < at_least:
        raise ValueError(
            f"Factor {index} must have {at_least} values or more, for some of them to "
            f"be held out. Received: {len(values)}."
        )
    return places.reshape(-1), len(values)

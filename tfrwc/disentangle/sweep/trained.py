"""What came of the training of all members, whose weights may stay in files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfrwc.disentangle.sweep.state_file import Arrays, in_order

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Part:
    """Members that were trained together.

    Attributes:
        numbers: arrays by name, of `tfrwc.disentangle.sweep.training.train_members`,
            without weights.
        weights: function that returns these, each (members, …), from memory or a file.
    """

    numbers: Arrays
    weights: Callable[[], list[Floats]]


def part_of(arrays: Arrays) -> Part:
    """A part whose weights are in memory.

    Args:
        arrays: of `tfrwc.disentangle.sweep.training.train_members`.
    """
    weights = in_order(arrays, "weight")
    return Part(without_weights(arrays), lambda: weights)


def without_weights(arrays: Arrays) -> Arrays:
    """The arrays, but for the weights."""
    return {k: v for k, v in arrays.items() if not k.startswith("weight_")}


class Trained:
    """All members of a sweep. Of the weights in files, those of one part are held.

    Args:
        parts: in the order of the members.

    Attributes:
        numbers: arrays by name, of all parts, without weights; history has NaN where
            training was over.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._ends = np.cumsum([len(part.numbers["loss"]) for part in parts])
        self._held: tuple[int, list[Floats]] | None = None
        self.numbers = {
            key: np.concatenate([part.numbers[key] for part in parts])
            for key in parts[0].numbers
            if key != "history"
        } | {"history": _beside([part.numbers["history"] for part in parts])}

    def weights(self, index: int) -> list[Floats]:
        """The weights of one member.

        Raises:
            ValueError: if they are in a file that is damaged, or no longer there.
        """
        place = int(np.searchsorted(self._ends, index, side="right"))
        if self._held is None or self._held[0] != place:
            self._held = None  # before others take its place in memory
            self._held = place, self._parts[place].weights()
        start = self._ends[place - 1] if place else 0
        return [weights[index - start] for weights in self._held[1]]


def _beside(histories: Sequence[Floats]) -> Floats:
    """Histories (epochs, terms, members) beside each other, the shorter ones with NaN
    at their end."""
    longest = max(map(len, histories))
    padded = [
        np.pad(
            history,
            ((0, longest - len(history)), (0, 0), (0, 0)),
            constant_values=np.nan,
        )
        for history in histories
    ]
    return np.concatenate(padded, axis=2)

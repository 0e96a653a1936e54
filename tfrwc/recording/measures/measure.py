"""What a measure of relative change consists of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = npt.NDArray[np.floating[Any]]
Magnitude: TypeAlias = Callable[[Vector], float]
Block: TypeAlias = tuple[Vector, Vector, Vector, Magnitude]
Sums: TypeAlias = Iterable[Any]


def units_of(shape: tuple[int, ...]) -> int:
    """The number of output units of a tensor: of places on its last axis."""
    return shape[-1] if shape else 1


@dataclass(frozen=True, kw_only=True)
class Measure:
    """How much a tensor of weights changed, relative to what it was.

    A measure is written down once as a formula, its `definition`, and once for each
    place where weights lie during training: there they are reduced to a few sums, from
    which `value` makes the measure. In the functions below, `old` are the weights
    before, `new` the weights now, and `change` is new - old.

    A measure takes its sums in host memory by `block_sums`, `tensor_sums` or both.
    `block_sums` sees a tensor in blocks that fit into the processor's cache, and what
    it returns is added up over them. `tensor_sums` goes through the blocks of a
    tensor once more, for what does not add up; it makes a record slower.

    Attributes:
        name: what users call it, and the name of its columns in files.
        summary: one line for tables, in which w are the weights before and d is their
            change.
        definition: ``definition(old, change)``, of float64 vectors with one element
            or more, all finite. NaN or infinity says that there is no relative
            change. Warnings of NumPy about division are switched off.
        sums: what each sum is, in their order. The first must be finite if, and only
            if, all weights are: by this a record tells weights that are not finite
            from a zero denominator.
        value: ``value(*sums)``, of float64 arrays of equal shape, one for each sum;
            returns an array of this shape.
        device_sums: ``device_sums(ops, old, new, change)``, of `keras.ops` and tensors
            of any shape, in float32 or float64; returns a tensor of one element for
            each sum. It is compiled.
        block_sums: ``block_sums(old, new, change, magnitude)``, of vectors in float32
            or float64, which must not be altered, and of a fast function for the sum
            of the absolute values of such a vector; returns a number for each sum.
        tensor_sums: ``tensor_sums(totals, blocks)``, of the totals of `block_sums`
            (an empty list if there is none) and an iterable over the blocks of one
            tensor, each with the arguments of `block_sums`; returns a number for
            each sum.
        by_unit: whether it looks at output units, the places on the last axis of a
            tensor. Then `definition` and `tensor_sums` have their number as a last
            argument: the vectors hold a row of units after the other. It has no
            `block_sums`.
        learning_rate_power: the power of the learning rate with which the measure
            grows while the learning rate is small; 0 if it does not depend on it.
        share_of: what a value is a share of, in words that follow a number in percent,
            such as "of its norm"; None for what is told as a bare number.
        order: place in lists. Measures with one number are listed by name.

    Raises:
        ValueError: if there is no sum, or no way to take them in host memory; if it
            looks at units in blocks.
    """

    name: str
    summary: str
    definition: Callable[..., float]
    sums: tuple[str, ...]
    value: Callable[..., npt.NDArray[np.float64]]
    device_sums: Callable[[Any, Any, Any, Any], Sums]
    block_sums: Callable[[Vector, Vector, Vector, Magnitude], Sums] | None = None
    tensor_sums: Callable[..., Sums] | None = None
    by_unit: bool = False
    learning_rate_power: float = 1
    share_of: str | None = None
    order: int = 100

    def __post_init__(self) -> None:
        if not self.sums or isinstance(self.sums, str):
            raise ValueError(
                f"Measure {self.name!r} needs a tuple with a description of each of "
                f"its sums. Received: {self.sums!r}."
            )
        if self.block_sums is None and self.tensor_sums is None:
            raise ValueError(
                f"Measure {self.name!r} has neither block_sums nor tensor_sums, so it "
                "cannot be taken in host memory. Give one of them, or both."
            )
        if self.by_unit and (self.tensor_sums is None or self.block_sums is not None):
            raise ValueError(
                f"Measure {self.name!r} looks at output units, which blocks cut apart. "
                "Give it tensor_sums and no block_sums."
            )

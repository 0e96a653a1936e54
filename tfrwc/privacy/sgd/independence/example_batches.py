"""Examples to ask a training step about: real ones, and made-up ones like them."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

Data = tuple[Any, Any, Any]  # x, y and sample_weight, arrays (examples, ...) or None

# Of inputs that are real numbers: what mixes may do so for some values alone.
_RANGES: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "from 0 to 1": lambda rng, shape: rng.uniform(0, 1, shape),
    "around 0": lambda rng, shape: rng.normal(0, 3, shape),
    "below 0": lambda rng, shape: rng.uniform(-1, 0, shape),
    "from 0 to 255": lambda rng, shape: rng.uniform(0, 255, shape),
    "large": lambda rng, shape: rng.normal(0, 1e3, shape),
}
KINDS = ("real", "alike", *_RANGES)
CHANGES = ("no numbers", "others", "zeros", "opposite", "alike", "permuted")


class Examples:
    """A source of batches.

    Args:
        real: at least one example, of which labels and weights are drawn, too.
        numbers: whole numbers below this are made up for inputs of whole numbers; None
            for those of `real`.
    """

    def __init__(self, real: Data, numbers: int | None = None) -> None:
        self._real = keras.tree.map_structure(
            lambda t: None if t is None else np.asarray(t), real
        )
        self._numbers = numbers
        self._rng = np.random.default_rng(0)

    def batch(self, size: int, kind: str) -> Data:
        """Examples of one of `KINDS`; "alike" are nearly equal ones."""
        count = len(keras.tree.flatten(self._real)[0])
        rows = self._rng.integers(count, size=size)
        if kind == "real" and size > 1:
            rows = np.arange(size) % count
        elif kind == "alike":
            rows[:] = rows[0]
        x, y, weight = _rows(self._real, rows)
        if kind == "alike":
            x = keras.tree.map_structure(self._jittered, x)
        elif kind != "real":
            x = keras.tree.map_structure(lambda a: self._made_up(a, kind), x)
        return x, y, weight

    def changed(self, data: Data, fixed: Sequence[int], change: str) -> Data:
        """A batch with the same examples in the places `fixed`, and others elsewhere.

        Args:
            data: the batch.
            fixed: indices of examples.
            change: one of `CHANGES`. "No numbers" are NaN, which all that is computed
                with them becomes, too: the smallest mixing shows.
        """
        x, y, weight = data
        size = len(keras.tree.flatten(x)[0])
        if change == "permuted":
            other = _rows(data, self._rng.permutation(size))
        elif change == "alike":
            near, y, weight = _rows(data, np.full(size, fixed[-1]))
            other = keras.tree.map_structure(self._jittered, near), y, weight
        else:
            other = self._mixture(size)
            if change == "no numbers":
                other = keras.tree.map_structure(_not_a_number, other[0]), *other[1:]
            elif change == "zeros":
                other = keras.tree.map_structure(_zeros, x), *other[1:]
            elif change == "opposite":
                other = keras.tree.map_structure(_opposite, x), *other[1:]
        rest = np.ones(size, bool)
        rest[list(fixed)] = False
        return keras.tree.map_structure(
            lambda a, b: None if a is None else np.where(_like(rest, a), b, a),
            data,
            other,
        )

    def _mixture(self, size: int) -> Data:
        """Examples of all kinds at once."""
        kinds = self._rng.choice(KINDS, size)
        examples = [self.batch(1, kind) for kind in kinds]
        return keras.tree.map_structure(_joined, *examples)

    def _made_up(self, array: np.ndarray, kind: str) -> np.ndarray:
        if _is_real(array):
            return _RANGES[kind](self._rng, array.shape).astype(array.dtype)
        if array.dtype.kind not in "iu":
            return array
        if self._numbers is not None:
            return self._rng.integers(0, self._numbers, array.shape).astype(array.dtype)
        return self._rng.choice(np.unique(array), array.shape)

    def _jittered(self, array: np.ndarray) -> np.ndarray:
        if not _is_real(array):
            return array
        noise = self._rng.normal(0, 1e-3, array.shape)
        return (array * (1 + noise)).astype(array.dtype)


def places_asked(size: int, number: int) -> list[int]:
    """Examples to ask about: those at the ends, or, by odd numbers, within."""
    if size < 3:
        return [number % size]
    return sorted({1, size - 2} if number % 2 else {0, size - 1})


def weights_of(size: int, places: Sequence[int]) -> np.ndarray:
    """Of examples in some places, each another weight; 0 elsewhere."""
    weights = np.zeros(size, np.float32)
    weights[places] = 1 / (1 + np.arange(len(places)))
    return weights


def _rows(data: Any, rows: np.ndarray) -> Any:
    return keras.tree.map_structure(lambda a: None if a is None else a[rows], data)


def _joined(*arrays: np.ndarray | None) -> np.ndarray | None:
    return None if arrays[0] is None else np.concatenate(arrays)


def _is_real(array: np.ndarray) -> bool:
    # Those of machine learning, such as bfloat16, are of no kind that NumPy knows.
    return array.dtype.kind == "f" or "float" in array.dtype.name


def _not_a_number(array: np.ndarray) -> np.ndarray:
    return np.full_like(array, np.nan) if _is_real(array) else array


def _zeros(array: np.ndarray) -> np.ndarray:
    return array if array.dtype.kind in "OSU" else np.zeros_like(array)


def _opposite(array: np.ndarray) -> np.ndarray:
    if not _is_real(array):
        return array[::-1]
    with np.errstate(over="ignore"):  # of half precision: infinity will do
        return -30 * array


def _like(rows: np.ndarray, array: np.ndarray) -> np.ndarray:
    return rows.reshape(-1, *[1] * (array.ndim - 1))

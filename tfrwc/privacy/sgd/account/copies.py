"""Examples that are several times in the arrays of a private training."""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from tfrwc.privacy.sgd.units import Units

_SAMPLE = 64  # elements of an example that are compared first
_ROWS = 2**14  # at a time, for want of memory


class Copies(NamedTuple):
    """Examples that are equal to others.

    Attributes:
        examples: number of examples.
        different: number of different ones.
        most: how often the most frequent one is there.
    """

    examples: int
    different: int
    most: int

    @property
    def note(self) -> str:
        """What follows for the account, in a sentence."""
        return (
            f"Of the {self.examples:,} images {self.different:,} are different, and "
            f"one is there {self.most:,} times: epsilon is for one copy of an image, "
            f"and for all of it that of images_per_patient={self.most}."
        )


class Shared(NamedTuple):
    """Examples that are equal to one of another unit.

    Attributes:
        examples: number of examples.
        different: number of those that no two units have.
        most: in how many units the most frequent one is.
        unit: what the account is for.
    """

    examples: int
    different: int
    most: int
    unit: str

    @property
    def note(self) -> str:
        """What follows for the account, in a sentence."""
        return (
            f"{self.examples - self.different:,} of the {self.examples:,} images are "
            f"of several {self.unit}s, one of {self.most:,}: epsilon is for each "
            f"{self.unit} by itself, not for one under several names."
        )


def copies(
    arrays: Any, count: int | None = None, units: Units | None = None, unit: str = ""
) -> Copies | Shared | None:
    """Count equal examples, or those that are equal to one of another unit.

    Args:
        arrays: (n, ...) and None, in any structure.
        count: how many examples, the first ones; None for all.
        units: which examples belong to a unit; None if each is one of its own.
        unit: what that is.

    Returns:
        None if no two are equal, or they are no arrays.
    """
    leaves = _leaves(arrays, count)
    if leaves is None:
        return None
    total, codes = len(leaves[0]), _codes_of_all(leaves)
    _, inverse, counts = np.unique(codes, return_inverse=True, return_counts=True)
    suspects = np.flatnonzero(counts[inverse.ravel()] > 1)
    if not len(suspects):
        return None
    by_suspect = _digests(leaves, suspects)
    digests = Counter(by_suspect)
    if units is not None:
        pairs = {*zip(by_suspect, units.of_examples(suspects), strict=True)}
        owners = Counter(digest for digest, _ in pairs)
        shared = sum(digests[digest] for digest, n in owners.items() if n > 1)
        if not shared:
            return None
        return Shared(total, total - shared, max(owners.values()), unit)
    different = total - len(suspects) + len(digests)
    if different == total:
        return None
    return Copies(total, different, max(digests.values()))


def have_common(arrays: Any, others: Any) -> bool | None:
    """Whether any example is among others, too.

    Args:
        arrays: (n, ...), in any structure.
        others: the same of others.

    Returns:
        None if either are no arrays.
    """
    one, other = _leaves(arrays), _leaves(others)
    if one is None or other is None:
        return None
    if [leaf.shape[1:] for leaf in one] != [leaf.shape[1:] for leaf in other]:
        return False
    pairs = list(zip(one, other, strict=True))
    if any((a.dtype.kind in "SU") != (b.dtype.kind in "SU") for a, b in pairs):
        return False
    types = [np.result_type(a, b) for a, b in pairs]
    one, other = (
        [leaf.astype(kind) for leaf, kind in zip(leaves, types, strict=True)]
        for leaves in (one, other)
    )
    both = _codes_of_all(one), _codes_of_all(other)
    rows = [np.flatnonzero(np.isin(codes, np.intersect1d(*both))) for codes in both]
    digests = map(_digests, (one, other), rows)
    return not set(next(digests)).isdisjoint(next(digests))


def _leaves(arrays: Any, count: int | None = None) -> list[np.ndarray] | None:
    """The arrays of a structure, objects as texts; None if some are none."""
    parts = [part for part in keras.tree.flatten(arrays) if part is not None]
    if not parts or not all(hasattr(p, "__array__") and np.ndim(p) for p in parts):
        return None
    leaves = [_array(part)[:count] for part in parts]
    if len({len(leaf) for leaf in leaves}) > 1:
        return None  # which Keras refuses
    return [leaf.astype(str) if leaf.dtype == object else leaf for leaf in leaves]


def _array(part: Any) -> np.ndarray:
    return np.asarray(part.detach().cpu() if hasattr(part, "detach") else part)


def _digests(leaves: Sequence[np.ndarray], rows: np.ndarray) -> list[bytes]:
    """What tells examples in some rows apart."""
    return [
        hashlib.blake2b(b"".join(leaf[i].tobytes() for leaf in leaves)).digest()
        for i in rows
    ]


def _codes_of_all(leaves: Sequence[np.ndarray]) -> np.ndarray:
    codes = np.zeros(len(leaves[0]), np.int64)
    for leaf in leaves:
        codes = codes * 31 + _codes(leaf)
    return codes


def _codes(array: np.ndarray) -> np.ndarray:
    """A number for each example, which is equal for equal ones: of some elements."""
    width = math.prod(array.shape[1:])
    stride = max(1, width // _SAMPLE)
    sample = array.reshape(len(array), width)[:, ::stride]
    size = sample.dtype.itemsize * sample.shape[1]
    factors = np.random.default_rng(0).integers(1, 2**40, size)
    codes = np.zeros(len(array), np.int64)
    for start in range(0, len(array) if size else 0, _ROWS):
        rows = np.ascontiguousarray(sample[start : start + _ROWS])
        values = rows.view(np.uint8).reshape(len(rows), size)
        codes[start : start + _ROWS] = values.astype(np.int64) @ factors
    return codes

"""Whether weights are still what they were, told without keeping a copy of them.

The digest of a tensor is, with its elements taken for whole numbers bit by bit, the
sums over the rows and over the columns of it: exact and independent of the order of
summation, on a device as well. An equal digest of other weights takes a coincidence of
about 1 in 2^32.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from tfrwc.recording import backends

Digests = list[tuple[Any, ...]]


def digests(tensors: Iterable[Any]) -> Digests:
    """The digests of tensors, or of arrays in host memory.

    Returns:
        For each its sums, which stay where it is.
    """
    return [
        _of_array(tensor) if isinstance(tensor, np.ndarray) else _of_tensor(tensor)
        for tensor in tensors
    ]


def differ(before: Digests, now: Digests) -> bool:
    """Whether any of the tensors has changed between two digests of them."""
    if len(before) != len(now):
        return True
    pairs = zip(before, now, strict=True)
    return any(
        not np.array_equal(ops.convert_to_numpy(a), ops.convert_to_numpy(b))
        for one, other in pairs
        for a, b in zip(one, other, strict=True)
    )


def _of_array(array: npt.NDArray[Any]) -> tuple[Any, ...]:
    bits = np.ascontiguousarray(array).view(f"i{min(array.itemsize, 8)}")
    rows = bits.reshape(-1, bits.shape[-1] if bits.ndim else 1)
    # As int64, which Keras' arrays may not have, they would be cut to 32 bits.
    return tuple(rows.sum(axis=i, dtype=rows.dtype) for i in (0, 1))


def _of_tensor(tensor: Any) -> tuple[Any, ...]:
    bits = backends.bits(tensor)
    rows = ops.reshape(bits, (-1, bits.shape[-1] if len(bits.shape) else 1))
    return ops.sum(rows, axis=0), ops.sum(rows, axis=1)

"""Arrays of values that recordings have handed out, so that their axes are known.

``recording.values()`` is (records, layers), and estimators take (layers, records). From
numbers alone nobody can tell the two apart; but of an array that is such a result, or a
view of one, it is certain.
"""

import weakref
from typing import Any

import numpy as np

_ARRAYS: "weakref.WeakValueDictionary[int, np.ndarray]" = weakref.WeakValueDictionary()


def remember(values: Any) -> None:
    """Note an array (records, layers) that is handed out, for as long as it is used."""
    _ARRAYS[id(values)] = values


def has_records_first(array: Any) -> bool:
    """Whether an array is known to be (records, layers).

    Args:
        array: anything; what was copied or computed from values is not known.
    """
    if not isinstance(array, np.ndarray) or array.ndim != 2:
        return False
    whole = array if array.base is None else array.base
    if _ARRAYS.get(id(whole)) is not whole:
        return False
    # Records lie furthest apart in memory, whichever way a view turns or thins them.
    row = whole.strides[0]
    along = [abs(stride) for stride in array.strides]
    return along[0] % row == 0 and along[1] < row

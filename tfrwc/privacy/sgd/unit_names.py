"""What units are called: one name for each, whatever it was written as.

>>> codes, names = factorized(["p1", "p2 ", "p1", "p2"])
>>> codes.tolist(), names
([0, 1, 0, 1], ['p1', 'p2'])
"""

import numbers
from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfrwc._common.names import plain_name

_MOST_NAMED = 3  # examples, in a message
# What tables write where a name is missing, in small letters.
_MISSING = {
    *("", "nan", "none", "null", "(null)", "nil", "na", "n/a", "n.a.", "<na>", "#na"),
    *("#n/a", "nat", "unknown", "missing", "undefined", "anonymous", "?", "-", "--"),
}
_MALFORMED = (
    "units must be (n,), the name or number of the unit that each example belongs to. "
    "Received: {}."
)


def factorized(ids: Any) -> tuple[NDArray[np.int64], list[Any]]:
    """Numbers of units in the order in which they first come, and their names.

    Texts are the same name where they differ by blanks around them, by characters that
    are not seen, or by how Unicode composes their letters.

    Args:
        ids: array-like (n,), all numbers or all texts.

    Returns:
        int64 (n,), and the names.

    Raises:
        ValueError: if there is none, one is missing, or they are of several types, or
            of one that names nothing.
    """
    elements = _elements(ids)
    is_missing = np.array([_is_missing(one) for one in elements])
    if is_missing.any():
        rows = np.flatnonzero(is_missing)
        some = ", ".join(map(str, rows[:_MOST_NAMED]))
        raise ValueError(
            f"The unit of {len(rows)} examples is missing, of the rows {some}"
            f"{' and others' if len(rows) > _MOST_NAMED else ''}. What is not known of "
            "one cannot be protected as a whole: give each example its unit, or leave "
            "it out."
        )
    kinds = sorted({_kind(one) for one in elements})
    if len(kinds) > 1:
        # 7 and "7" would be two units.
        raise ValueError(
            "units must be all numbers or all texts. Received several types: "
            f"{', '.join(kinds)}."
        )
    codes, names = pd.factorize(np.fromiter(elements, object, len(elements)))
    return codes, list(names)


def _elements(ids: Any) -> list[Any]:
    """The names, texts in one form."""
    # What has no order is of no example; a mapping would give its keys alone.
    is_text = isinstance(ids, (str, bytes, bytearray))
    if is_text or isinstance(ids, (Set, Mapping)) or not isinstance(ids, Iterable):
        raise ValueError(_MALFORMED.format(type(ids).__name__))
    if isinstance(ids, pd.DataFrame):
        ids = ids.to_numpy()
    if isinstance(ids, np.ma.MaskedArray):
        ids = np.where(np.ma.getmaskarray(ids), None, ids.data.astype(object))
    if hasattr(ids, "numpy"):  # of TensorFlow
        ids = ids.numpy()
    if isinstance(ids, np.ndarray):
        if ids.ndim == 2 and ids.shape[1] == 1:
            ids = ids[:, 0]
        if ids.ndim != 1 or ids.dtype.names is not None:
            raise ValueError(_MALFORMED.format(f"shape {ids.shape} of {ids.dtype}"))
    elements = list(ids)
    if not elements:
        raise ValueError(_MALFORMED.format("none"))
    forms: dict[Any, Any] = {}  # each name is looked at once
    try:
        return [
            forms[one] if one in forms else forms.setdefault(one, _form(one))
            for one in elements
        ]
    except TypeError:  # a list or a dictionary names nothing
        kinds = sorted({type(one).__name__ for one in elements})
        raise ValueError(
            f"{_MALFORMED.format(', '.join(kinds))} Join what names a unit into one "
            "text."
        ) from None


def _form(name: Any) -> Any:
    if isinstance(name, tuple):
        raise TypeError
    if isinstance(name, bytes):
        try:
            name = name.decode()
        except UnicodeDecodeError:
            raise ValueError(
                f"{_MALFORMED.format('bytes that are no text in UTF-8')} Decode them."
            ) from None
    if not isinstance(name, str):
        return name
    return plain_name(name)


def _is_missing(name: Any) -> bool:
    if isinstance(name, str):
        return name.lower() in _MISSING
    return bool(pd.isna(name))


def _kind(name: Any) -> str:
    if isinstance(name, str):
        return "text"
    return "number" if isinstance(name, numbers.Number) else type(name).__name__

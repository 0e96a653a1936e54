"""Numbers as JSON files have them, which know neither infinity nor NaN.

Infinity, which stands for "no guarantee" where it is an epsilon, is the string
``"infinity"``; NaN, a value that is not known, is null.

>>> plain({"epsilon": float("inf"), "auc": np.float32(0.5)})
{'epsilon': 'infinity', 'auc': 0.5}
>>> number("infinity"), number(0.5)
(inf, 0.5)
"""

import math
from typing import Any

import numpy as np

INFINITY = "infinity"


def plain(value: Any) -> Any:
    """Turn nested dicts, sequences, arrays and numbers into what JSON has."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, (float, np.floating)):
        return _plain_float(float(value))
    return value


def _plain_float(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        return INFINITY if value > 0 else f"-{INFINITY}"
    return value


def number(value: float | str | None) -> float:
    """Read a number that `plain` wrote: infinity and NaN are themselves again.

    Raises:
        ValueError: if it is no number.
    """
    if value is None:
        return math.nan
    if value in (INFINITY, f"-{INFINITY}"):
        return math.copysign(math.inf, -1 if str(value).startswith("-") else 1)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(
            f"A number in a file is a number, null or {INFINITY!r}. Received: "
            f"{value!r}."
        )
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError("A number in a file has more than 300 digits.") from error

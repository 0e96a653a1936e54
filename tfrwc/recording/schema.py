"""What a recording must be, whoever made it: a user, a file of before, or damage.

Each function checks one part, and raises a ValueError that says in a few words what is
wrong with it; whoever calls it says where that was.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import prod
from numbers import Integral, Real
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from tfrwc._common.json_files import check_object
from tfrwc.recording.records import REFERENCES, Flag

_TEXTS = ("name", "path", "kind")
COLUMNS = (*_TEXTS, "shape", "size", "depth")
# Settings that others read; a recording may have any further ones.
_SETTINGS: dict[str, type] = {
    "every": str,
    "reference": str,
    "watch": str,
    "model": str,
    "finished": bool,
    "checkpoints": list,
    "training": dict,
    "validation": list,
}


def checked_layers(table: Any) -> pd.DataFrame:
    """A table of layers, with its rows numbered from 0 and its shapes as tuples of int.

    Args:
        table: DataFrame with a row per watched tensor and the columns `COLUMNS`; others
            may be beside them.

    Raises:
        ValueError: if it is none.
    """
    if not isinstance(table, pd.DataFrame):
        raise ValueError(
            f"the table of layers must be a DataFrame, not {type(table).__name__}"
        )
    names = table.columns.tolist()
    missing = [name for name in COLUMNS if name not in names]
    if missing or len(set(names)) < len(names):
        raise ValueError(
            f"the table of layers must have the columns {', '.join(COLUMNS)}, each "
            f"once; it has {', '.join(map(str, names)) or 'none'}"
        )
    table = table.reset_index(drop=True)
    for name in _TEXTS:
        for row, text in enumerate(table[name]):
            if not isinstance(text, str):
                raise _wrong_cell(name, row, text, "text")
    shapes = [_shape(row, shape) for row, shape in enumerate(table["shape"])]
    for row, size in enumerate(table["size"]):
        if not _is_number(size) or math.isnan(size):
            raise _wrong_cell("size", row, size, "a number from 0")
    for row, depth in enumerate(table["depth"]):
        if not _is_number(depth):
            raise _wrong_cell("depth", row, depth, "a number from 0, or NaN")
    # Set as a Series, since lists of lists would be taken for columns.
    table["shape"] = pd.Series(shapes, table.index, dtype=object)
    return table


def check_sizes(table: pd.DataFrame) -> None:
    """Check that the sizes in a table of layers are those of the shapes.

    Raises:
        ValueError: if one is not.
    """
    for row, (shape, size) in enumerate(
        zip(table["shape"], table["size"], strict=True)
    ):
        if size != prod(shape):
            raise _wrong_cell("size", row, size, f"the product of its shape {shape}")


def _shape(row: int, shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, (tuple, list)) or not all(
        _is_whole(n) and n >= 0 for n in shape
    ):
        raise _wrong_cell("shape", row, shape, "whole numbers from 0")
    return tuple(map(int, shape))


def _is_number(value: Any) -> bool:
    """Whether a value is a number from 0 that is not infinite, or NaN."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    return real and not value < 0 and not math.isinf(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _wrong_cell(column: str, row: int, value: Any, rule: str) -> ValueError:
    return ValueError(
        f"{column!r} in row {row} of the table of layers must be {rule}, not "
        f"{repr(value)[:60]}"
    )


def checked_measures(names: Any) -> tuple[str, ...]:
    """The names of the measures of a recording.

    Raises:
        ValueError: if they are not one or more texts, each another one.
    """
    measures: tuple[str, ...] = () if isinstance(names, str) else tuple(names)
    texts = all(isinstance(name, str) and name for name in measures)
    if not measures or not texts or len(set(measures)) < len(measures):
        raise ValueError(
            f"its measures must be one or more names, each once, not {measures!r:.200}"
        )
    return measures


def check_settings(settings: Mapping[str, Any], versions: Mapping[str, Any]) -> None:
    """Check how a recording was made, and by what.

    Raises:
        ValueError: if a setting that is known is of another type.
    """
    check_object(dict(settings), {k: t for k, t in _SETTINGS.items() if k in settings})
    reference = settings.get("reference", REFERENCES[0])
    if reference not in REFERENCES:
        raise ValueError(f"its reference is {reference!r}, none of {REFERENCES}")
    check_object(dict(versions), dict.fromkeys(versions, str))


def check_clock(steps: npt.NDArray[np.int64], epochs: npt.NDArray[np.int64]) -> None:
    """Check the steps and epochs of all records, int64 (records,).

    A step may be that of the record before if its epoch is a later one: so it is where
    a model's optimizer is not what trains it.

    Raises:
        ValueError: if they do not run forward.
    """
    if (steps < 0).any() or (epochs < 0).any():
        raise ValueError("it has a negative step or epoch")
    falls = (np.diff(steps) < 0) | (np.diff(epochs) < 0)
    same = (np.diff(steps) == 0) & (np.diff(epochs) == 0)
    if (falls | same).any():
        at = int((falls | same).argmax())
        raise ValueError(
            f"record {at + 1} (step {steps[at + 1]}, epoch {epochs[at + 1]}) does not "
            f"come after record {at} (step {steps[at]}, epoch {epochs[at]})"
        )


def check_flags(flags: npt.NDArray[Any]) -> None:
    """Check that all are values of `Flag`.

    Raises:
        ValueError: if one is not.
    """
    if flags.size and (flags.min() < 0 or flags.max() > max(Flag)):
        raise ValueError(f"its flags must be {min(Flag)} to {max(Flag)}")


def check_widths(widths: Sequence[int], layers: int) -> None:
    """Check of how many layers the records are.

    Args:
        widths: numbers of values of each record and measure.
        layers: rows of the table of layers.

    Raises:
        ValueError: if a record has more layers than the table, or fewer than the
            record before it.
    """
    if any(width > layers for width in widths):
        raise ValueError(
            f"a record has {max(widths)} values, but the table of layers {layers} rows"
        )
    if any(b < a for a, b in pairwise(widths)):
        raise ValueError("a record has fewer values than one before it")


def check_record(values: npt.NDArray[Any], flags: npt.NDArray[Any], shape: Any) -> None:
    """Check the arrays of one record against (measures, layers).

    Raises:
        ValueError: if they have another shape, or flags are unknown.
    """
    if values.shape != shape or flags.shape != shape:
        raise ValueError(
            f"the values and flags of a record must have the shape {shape} (measures, "
            f"layers); they have {values.shape} and {flags.shape}"
        )
    check_flags(flags)


def check_column_names(names: Iterable[str], measures: Sequence[str]) -> None:
    """Check the names of the columns of a file.

    Raises:
        ValueError: if one is missing, there twice, or of an unknown measure.
    """
    names = list(names)
    if len(set(names)) < len(names):
        raise ValueError("it has a column twice")
    own = {f"{part}.{m}" for part in ("value", "flag") for m in measures}
    missing = sorted({"step", "epoch", *own} - set(names))
    foreign = sorted(n for n in names if n.startswith(("value.", "flag.")))
    foreign = [name for name in foreign if name not in own]
    if missing or foreign:
        raise ValueError(
            f"its columns do not fit its measures: missing {missing}, of no measure "
            f"{foreign}"
        )

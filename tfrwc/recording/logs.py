"""The numbers in the logs that a training hands to its callbacks."""

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from tfrwc.recording import backends

# A metric with an entry per class is split; of more classes than this it is left out.
MAX_ENTRIES = 100


class LogReader:
    """Takes the numbers out of logs, whatever else is in them.

    A vector of up to 100 numbers is split: ``f1_score`` becomes ``f1_score_0``,
    ``f1_score_1``, and so on; so is a dict, by its keys. What is no number is left out,
    which is said once.
    """

    def __init__(self) -> None:
        self._told = False

    def numbers(self, logs: Any) -> dict[str, Any]:
        """The numbers in logs.

        Args:
            logs: as a callback gets them: a dict as a rule, but it may be anything.

        Returns:
            By name a float, or a tensor of one number that `fetched` makes one.

        Warns:
            RuntimeWarning: the first time that something is left out.
        """
        numbers: dict[str, Any] = {}
        left_out: list[str] = []
        # What has a name of its own comes before what is split.
        items = sorted(_items("", logs, left_out), key=lambda item: item[2])
        for name, number, _ in items:
            numbers[_free(name, numbers)] = number
        if left_out and not self._told:
            self._told = True
            _warn(left_out)
        return numbers


def fetched(numbers: Mapping[str, Any]) -> dict[str, float]:
    """What `LogReader.numbers` returned, as numbers of Python."""
    return {
        name: number if isinstance(number, float) else backends.number(number)
        for name, number in numbers.items()
    }


def _is_number(value: Any) -> bool:
    return bool(ops.is_tensor(value)) and (
        len(value.shape) == 0 and _is_real(str(value.dtype))
    )


def _items(
    name: str, value: Any, left_out: list[str], depth: int = 0
) -> Iterator[tuple[str, Any, bool]]:
    """Name, number, and whether it is a part of something, for each number."""
    if depth == 0 and value is None:
        return
    if isinstance(value, Mapping) and depth < 10:
        for key, part in value.items():
            whole = f"{name}_{name_in_file(key)}" if depth else name_in_file(key)
            yield from _items(whole, part, left_out, depth + 1)
        return
    entries = None if depth == 0 else _entries(value)
    if entries is None:
        left_out.append(f"{name or 'logs'} ({type(value).__name__})")
    elif isinstance(entries, list):
        yield from ((f"{name}_{i}", x, True) for i, x in enumerate(entries))
    else:
        yield name, entries, depth > 1


def _entries(value: Any) -> Any:
    """A number, or a list of those of a vector; None for anything else."""
    if isinstance(value, (str, bytes, bytearray, complex, np.complexfloating)):
        return None
    try:
        if ops.is_tensor(value):
            if _is_number(value):
                return backends.unchanging(value)
            value = ops.convert_to_numpy(value)
        if isinstance(value, (list, tuple, np.ndarray)) or np.ndim(value):
            return _vector(np.asarray(value))
        return float(value)
    # What the conversions of someone else's object raise cannot be known, and no log
    # is worth a training.
    except Exception:
        return None


def _is_real(dtype: str) -> bool:
    return "complex" not in dtype and any(k in dtype for k in ("float", "int", "bool"))


def _vector(array: npt.NDArray[Any]) -> Any:
    if array.dtype.kind == "V" and _is_real(array.dtype.name):  # bfloat16
        array = array.astype(np.float32)
    if array.dtype.kind not in "biuf":
        return None
    if array.size == 1:
        return float(array.reshape(()))
    fits = array.ndim == 1 and array.size <= MAX_ENTRIES
    return list(map(float, array)) if fits else None


def name_in_file(name: Any) -> str:
    """A name that any file can hold."""
    return str(name).encode("utf-8", "backslashreplace").decode().replace("\0", "")


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """The name, or one with a number behind it where it is taken."""
    if name not in taken:
        return name
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"


def _warn(left_out: list[str]) -> None:
    more = f" and {len(left_out) - 5} more" if len(left_out) > 5 else ""
    warnings.warn(
        f"Left out of the recorded logs, since they are neither numbers nor vectors of "
        f"up to {MAX_ENTRIES} of them: {', '.join(left_out[:5])}{more}. Training goes "
        "on; this is said once.",
        RuntimeWarning,
        stacklevel=4,
    )

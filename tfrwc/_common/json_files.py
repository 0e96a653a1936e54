"""JSON of strangers: whole plain data, or one sentence on what is wrong with it.

>>> parse_json(b'{"epochs": 3}')
{'epochs': 3}
>>> parse_json(b'{"epochs": 3')
Traceback (most recent call last):
...
ValueError: it is not JSON (Expecting ',' delimiter at line 1, column 13)
"""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from tfrwc._common.paths import local_path


def parse_json(text: bytes | str) -> Any:
    """The data of a JSON text; NaN and infinity are taken for numbers.

    Args:
        text: in UTF-8 where it is bytes.

    Raises:
        ValueError: if it is no JSON, has a name twice in one object, is nested beyond
            what Python reads, or has a whole number of thousands of digits.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"it is not text in UTF-8 (at byte {error.start})"
            ) from error
    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"it is not JSON ({error.msg} at line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: str | os.PathLike[str], kind: str) -> Any:
    """The data in a JSON file.

    Args:
        path: of the file.
        kind: what it should hold, in the singular, for messages: "a manifest".

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not readable JSON, or the path is not local.
        OSError: if it cannot be read.
    """
    path = local_path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no {path}, where {kind} should be.")
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("it is a folder" if path.is_dir() else "it is no file")
        return parse_json(path.read_bytes())
    except ValueError as error:
        raise ValueError(
            f"{path} is not {kind} that can be read: {error}. Restore it from a copy, "
            "or make it again."
        ) from error


def read_object(
    path: str | os.PathLike[str],
    kind: str,
    types: Mapping[str, type | tuple[type, ...]] | None = None,
) -> dict[str, Any]:
    """The data in a JSON file that holds an object.

    Args:
        path, kind: as of `read_json`.
        types: what the object must have at least, and of which type.

    Raises:
        FileNotFoundError, ValueError, OSError: as `read_json`; ValueError also if it
            is another object.
    """
    data = read_json(path, kind)
    try:
        check_object(data, types or {})
    except ValueError as error:
        raise ValueError(
            f"{path} is not {kind} that can be read: {error}. Restore it from a copy, "
            "or make it again."
        ) from error
    return dict(data)


def check_object(data: Any, types: Mapping[str, type | tuple[type, ...]]) -> None:
    """Check that data are an object with these names, of these types.

    Raises:
        ValueError: if they are not.
    """
    if not isinstance(data, dict):
        raise ValueError(f"it holds {_said(data)}, no object with names and values")
    for name, kind in types.items():
        if name not in data:
            raise ValueError(f"it has no {name!r}")
        # True is an int to Python, and no number to anybody else.
        wrong_bool = isinstance(data[name], bool) and kind is not bool
        if wrong_bool or not isinstance(data[name], kind):
            kinds = kind if isinstance(kind, tuple) else (kind,)
            raise ValueError(
                f"{name!r} is {_said(data[name])}, not of the type "
                f"{' or '.join(k.__name__ for k in kinds)}"
            )


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    data = dict(pairs)
    if len(data) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"it has the name {_said(twice)} twice in one object")
    return data


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

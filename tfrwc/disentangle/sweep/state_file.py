"""The state of a training in an .npz file, from which it can go on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc._common.files import replacing
from tfrwc._common.json_files import check_object, parse_json
from tfrwc._common.npz import ArchiveError, read_npz
from tfrwc.disentangle.sweep.contents import not_whole

Arrays = dict[str, NDArray[Any]]


def read_state(path: Path, settings: Mapping[str, Any]) -> Arrays:
    """Read what `write_state` wrote.

    Args:
        path: of the file.
        settings: plain values that say which sweep it should hold.

    Returns:
        Arrays by name.

    Raises:
        ValueError: if it is damaged, or holds a sweep with other settings.
    """
    try:
        arrays = read_npz(path)
    except ArchiveError as error:
        raise not_whole(path, str(error).removesuffix(".")) from error
    if "settings" not in arrays:
        raise not_whole(path, "it has no settings")
    try:
        saved = parse_json(str(arrays.pop("settings")))
        check_object(saved, {})
    except ValueError as error:
        raise not_whole(path, f"of its settings, {error}") from error
    # A damaged directory of an archive may end too early, and be one. Files of earlier
    # versions do not say what they hold.
    if saved.get("arrays", list(arrays)) != list(arrays):
        raise not_whole(path, "it does not have the arrays that it should")
    current = _as_json(settings)
    different = sorted(
        key for key in current if not _agree(saved.get(key), current[key])
    )
    if different:
        raise ValueError(
            f"{path} holds a sweep with other settings ({', '.join(different)}). Give "
            "another path, or the same settings to go on with it."
        )
    return arrays


def write_state(
    path: Path, settings: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Put the file in the place of an older one, whole or not at all."""
    with replacing(path) as file:
        said = json.dumps(_as_json(settings) | {"arrays": list(arrays)})
        contents = {"settings": np.array(said), **arrays}
        np.savez(file, **contents)  # type: ignore[arg-type]  # of some NumPy's stubs


def numbered(name: str, arrays: Sequence[NDArray[Any]]) -> Arrays:
    """Arrays under the names name_0, name_1, …"""
    return {f"{name}_{i}": array for i, array in enumerate(arrays)}


def in_order(arrays: Mapping[str, NDArray[Any]], name: str) -> list[NDArray[Any]]:
    """The arrays that `numbered` named."""
    count = sum(key.startswith(f"{name}_") for key in arrays)
    return [arrays[f"{name}_{i}"] for i in range(count)]


def _agree(saved: Any, current: Any) -> bool:
    """Whether values are equal; fractions up to the rounding of another processor."""
    if not isinstance(current, list) or not isinstance(saved, list):
        return bool(saved == current)
    if not all(isinstance(value, float) for value in (*saved, *current)):
        return saved == current
    same_length = len(saved) == len(current)
    return same_length and np.allclose(saved, current, rtol=1e-3, atol=1e-5)


def _as_json(settings: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(settings))

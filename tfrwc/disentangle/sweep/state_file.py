"""The state of a training in an .npz file, from which it can go on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc._common.files import replacing
from tfrwc._common.json_files import check_object, parse_json
from tfrwc._common.npz import read_npz

Arrays = dict[str, NDArray[Any]]


def read_state(path: Path, settings: Mapping[str, Any]) -> Arrays:
    """Read what `write_state` wrote.

    Args:
        path: of the file.
        settings: plain values that say which sweep it should hold.

    Returns:
        Arrays by name; none if there is no file.

    Raises:
        ValueError: if it is damaged, or holds a sweep with other settings.
    """
    if not path.exists():
        return {}
    arrays = read_npz(path)
    try:
        saved = parse_json(str(arrays.pop("settings")))
        check_object(saved, {})
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{path} holds no state of a sweep ({error}). Give another path, or remove "
            "it to begin anew."
        ) from error
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
        contents = {"settings": np.array(json.dumps(_as_json(settings))), **arrays}
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
    if isinstance(current, list) and current and isinstance(current[0], float):
        same_length = saved is not None and len(saved) == len(current)
        return same_length and np.allclose(saved, current, rtol=1e-3, atol=1e-5)
    return bool(saved == current)


def _as_json(settings: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(settings))

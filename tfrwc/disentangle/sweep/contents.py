"""What the file of a training must hold, so that it can be gone on with or taken."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc.disentangle.sweep.terms import OF_LATENTS, TERMS

Shape = tuple[int, ...]


def check_contents(
    path: Path,
    arrays: Mapping[str, NDArray[Any]],
    weights: Sequence[Shape],
    epochs: int,
    n_latents: int,
) -> None:
    """Check that arrays are those of a training that goes on, or of one that is done.

    Args:
        path: of their file, for messages.
        arrays: by name, of `tfrwc.disentangle.sweep.state_file.read_state`.
        weights: shapes of the weights of all members, each (members, …).
        epochs: that there can be at most.
        n_latents: of a member.

    Raises:
        ValueError: if one is missing, is too many, or is not what it should be.
    """
    members = weights[0][0]
    goes_on = any(name.startswith("state_") for name in arrays)
    kind = "state" if goes_on else "weight"
    expected: dict[str, Shape] = {f"{kind}_{i}": w for i, w in enumerate(weights)}
    if goes_on:  # behind the weights it has what the optimizer knows
        count = sum(name.startswith("state_") for name in arrays)
        names = {f"state_{i}" for i in range(count)} | expected.keys()
    else:
        expected |= dict.fromkeys(TERMS, (members,))
        expected |= dict.fromkeys(OF_LATENTS, (members, n_latents))
        names = set(expected)
    names |= {"history"}
    if wrong := sorted(names ^ arrays.keys()):
        reason = "lacks" if wrong[0] in names else "has an unknown"
        raise not_whole(path, f"it {reason} {wrong[0]}")
    history = arrays["history"]
    expected["history"] = (*history.shape[:1], len(TERMS), members)
    for name, shape in expected.items():
        check_array(path, name, arrays[name], shape, "f")
    if not 1 <= len(history) <= epochs:
        raise not_whole(path, f"it has {len(history)} epochs of at most {epochs}")


def check_state(
    path: Path, arrays: Sequence[NDArray[Any]], current: Sequence[NDArray[Any]]
) -> None:
    """Check that the state of a training that goes on fits the one that is there.

    Raises:
        ValueError: if an array is missing, or has another type or shape.
    """
    if len(arrays) != len(current):
        raise not_whole(path, f"it has {len(arrays)} states, not {len(current)}")
    for i, (array, now) in enumerate(zip(arrays, current, strict=True)):
        check_array(path, f"state_{i}", array, now.shape, now.dtype.kind)


def check_array(
    path: Path, name: str, array: NDArray[Any], shape: Shape, kind: str
) -> None:
    """Check the shape of an array, and the kind of its numbers, NumPy's letter.

    Raises:
        ValueError: if it has another.
    """
    if array.shape != shape or array.dtype.kind != kind:
        right = np.dtype({"f": "float32", "i": "int64"}.get(kind, kind)).name
        raise not_whole(
            path,
            f"its {name} has shape {array.shape} and type {array.dtype}, where shape "
            f"{shape} and a type such as {right} were expected",
        )


def not_whole(path: Path, reason: str) -> ValueError:
    """The error of a file that cannot be gone on with, to be raised."""
    return ValueError(
        f"{path} holds no state of a sweep that can be gone on with: {reason}. Give "
        "another path, or remove it to begin anew."
    )

"""Initial weights beside a recording that compares with them."""

import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tfrwc._common.files import replacing


def initial_path(path: Path) -> Path:
    """The file of initial weights of the recording in `path`."""
    return path.with_name(path.name + ".initial.npz")


def write_initial(path: Path, snapshots: Iterable[npt.NDArray[Any]]) -> None:
    """Write arrays for the recording in `path`.

    Raises:
        OSError: if they cannot be written.
    """
    # NumPy's files do not know bfloat16; float32 holds its values exactly.
    arrays = [a if a.dtype.kind == "f" else a.astype(np.float32) for a in snapshots]
    with replacing(initial_path(path)) as file:
        np.savez(file, *arrays)


def read_initial(
    path: Path, shapes: Iterable[tuple[int, ...]]
) -> list[npt.NDArray[Any]]:
    """Read the arrays that `write_initial` wrote.

    Args:
        path: of the recording.
        shapes: that the arrays must have.

    Raises:
        ValueError: if they are not there, damaged, or of other shapes.
    """
    place = initial_path(path)
    try:
        with open(place, "rb") as stream, zipfile.ZipFile(stream) as archive:
            damaged = archive.testzip()  # checksums, before NumPy reads a byte
            if damaged:
                raise ValueError(f"{damaged} in it is damaged")
            stream.seek(0)
            with np.load(stream) as file:
                arrays = [np.asarray(file[name]) for name in file.files]
        different = [array.shape for array in arrays] != list(shapes)
        if different or any(array.dtype.kind != "f" for array in arrays):
            raise ValueError("they are of other layers")
        return arrays
    except (
        *(OSError, ValueError, EOFError, KeyError, TypeError, RuntimeError),
        *(zipfile.BadZipFile, zlib.error, struct.error),
    ) as error:
        raise ValueError(
            f"A recording against the initial weights cannot go on from {path} without "
            f"them, and {place.name} beside it cannot be used ({error}). Restore that "
            "file, move the recording, or give another path."
        ) from error

"""Writing that does not stop a training."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any


def try_to_write(write: Callable[[Any], None], what: Any, path: Path | None) -> None:
    """Write with a function, and say so if it fails.

    Warns:
        RuntimeWarning: if it raises an OSError.
    """
    try:
        write(what)
    except OSError as error:
        warnings.warn(
            f"The recording could not be written to {path} ({error}). It stays in "
            "memory, and is written again at the end of the next epoch.",
            RuntimeWarning,
            stacklevel=3,
        )

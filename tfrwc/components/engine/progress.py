"""What a step that was killed can go on from."""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfrwc.components.engine.identity import package


@contextlib.contextmanager
def progress(output: str | os.PathLike[str], settings: Any) -> Iterator[Path]:
    """A folder that outlives an execution that is killed, until another is done.

    It lies beside the folders of the step's executions, in which engines keep nothing
    of an execution that was killed.

    Args:
        output: folder of one output of the execution.
        settings: plain data. Another execution gets the same folder only if it has
            the same settings, and this package the same code.

    Yields:
        The folder, which is made.
    """
    text = json.dumps([package(), settings], sort_keys=True)
    name = f"progress-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    beside = Path(output).parent
    folder = beside / name
    folder.mkdir(exist_ok=True)
    yield folder
    # Also what executions with other settings left, which nobody goes on with.
    for leftover in beside.glob("progress-*"):
        shutil.rmtree(leftover)

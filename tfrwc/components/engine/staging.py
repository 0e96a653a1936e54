"""Artifacts that lie elsewhere, such as gs://, as folders of this machine."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tfx.utils import io_utils


@contextlib.contextmanager
def staged(inputs: Sequence[Any], outputs: Sequence[Any]) -> Iterator[None]:
    """Within this context the artifacts have folders of this machine as their `uri`.

    Inputs are fetched before; outputs are sent after, unless something was raised.

    Args:
        inputs, outputs: artifacts of TFX; those whose `uri` is a path already stay as
            they are.
    """
    elsewhere = [artifact for artifact in [*inputs, *outputs] if "://" in artifact.uri]
    homes = [artifact.uri for artifact in elsewhere]
    with tempfile.TemporaryDirectory() as folder:
        for i, artifact in enumerate(elsewhere):
            here = Path(folder) / str(i) / "artifact"
            here.parent.mkdir()
            if any(artifact is other for other in inputs):
                io_utils.copy_dir(artifact.uri, str(here))
            else:
                here.mkdir()
            artifact.uri = str(here)
        try:
            yield
            for artifact, home in zip(elsewhere, homes, strict=True):
                if any(artifact is other for other in outputs):
                    io_utils.copy_dir(artifact.uri, home)
        finally:
            for artifact, home in zip(elsewhere, homes, strict=True):
                artifact.uri = home

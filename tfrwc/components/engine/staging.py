"""Artifacts that lie elsewhere, such as gs://, as folders of this machine."""

import contextlib
import tempfile
from pathlib import Path

from tfx.utils import io_utils


@contextlib.contextmanager
def staged(inputs, outputs):
    """Within this context the artifacts have folders here as their `uri`.

    Inputs are fetched before; outputs are sent after, unless something was raised.

    Args:
        inputs, outputs: lists of artifacts of TFX; those with a path stay as they are.
    """
    elsewhere = [one for one in [*inputs, *outputs] if "://" in one.uri]
    homes = [one.uri for one in elsewhere]
    with tempfile.TemporaryDirectory() as folder:
        for i, artifact in enumerate(elsewhere):
            here = Path(folder) / str(i) / "artifact"
            here.parent.mkdir()
            if any(artifact is one for one in inputs):
                io_utils.copy_dir(artifact.uri, str(here))
            else:
                here.mkdir()
            artifact.uri = str(here)
        try:
            yield
            for artifact, home in zip(elsewhere, homes, strict=True):
                if any(artifact is one for one in outputs):
                    io_utils.copy_dir(artifact.uri, home)
        finally:
            for artifact, home in zip(elsewhere, homes, strict=True):
                artifact.uri = home

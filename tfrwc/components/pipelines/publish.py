"""Put what a pipeline made where people look for it."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfrwc._common.json_files import read_object
from tfrwc._common.paths import local_path
from tfrwc.components.engine.artifacts import Artifact

_Outputs = Mapping[str, Artifact]


def publish(
    artifacts: Mapping[str, _Outputs], out: str | os.PathLike[str]
) -> dict[str, Any]:
    """Copy the report and the recordings of a pipeline.

    Args:
        artifacts: by output name, by id of step, as `engine.local.run` returns them.
        out: folder for report.html, results.json, figures/, and recordings/, named by
            their steps.

    Returns:
        The results, as in results.json.
    """
    out = local_path(out, "out")
    shutil.copytree(artifacts["ReportGen"]["report"].uri, out, dirs_exist_ok=True)
    shutil.rmtree(out / "recordings", ignore_errors=True)  # of other settings
    (out / "recordings").mkdir()
    for step, outputs in artifacts.items():
        name = step.partition("-")[2]
        recording = _recording(outputs)
        if recording and name != "public":
            shutil.copy(recording, out / "recordings" / f"{name}.parquet")
    return read_object(out / "results.json", "results of a study")


def _recording(outputs: _Outputs) -> Path | None:
    """The recording among outputs, if a step made one."""
    if "recording" not in outputs:
        return None
    path = Path(outputs["recording"].uri) / "recording.parquet"
    return path if path.exists() else None

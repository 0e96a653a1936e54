"""Put what a pipeline made where people look for it."""

import json
import shutil
from pathlib import Path


def publish(made, out) -> dict:
    """Copy the report and the recordings of a pipeline.

    Args:
        made: artifacts by output name, by id of step, of `engine.local.run`.
        out: folder for report.html, results.json, figures/, and recordings/, named by
            their steps.

    Returns:
        The results, as in results.json.
    """
    out = Path(out)
    shutil.copytree(made["ReportGen"]["report"].uri, out, dirs_exist_ok=True)
    shutil.rmtree(out / "recordings", ignore_errors=True)  # of other settings
    (out / "recordings").mkdir()
    for step, outputs in made.items():
        name = step.partition("-")[2]
        recorded = _recorded(outputs)
        if recorded and name != "public":
            shutil.copy(recorded, out / "recordings" / f"{name}.parquet")
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


def _recorded(outputs):
    """The recording among outputs, if a step made one."""
    if "recording" not in outputs:
        return None
    path = Path(outputs["recording"].uri) / "recording.parquet"
    return path if path.exists() else None

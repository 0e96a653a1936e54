"""Recordings on disk that a callback is to write, or to go on with."""

import os
import warnings

from tfrwc.recording.recording import load_recording


def check_writable(path):
    partial = path.with_name(path.name + ".partial")
    try:
        if path.is_dir():
            raise IsADirectoryError("it is a folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.touch()
        partial.unlink()
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError("the file is read-only")
    except OSError as error:
        raise OSError(
            f"RWCCallback cannot write its recording to {path} ({error}). Give the "
            "path of a file in a folder that can be written."
        ) from error


def check_same(recording, table, measures, where):
    if recording.measures != measures:
        raise ValueError(
            f"The recording in {where} holds the measures {recording.measures}, but "
            f"{measures} are asked for. Ask for the same, or give another path."
        )
    old, new = recording.layers["shape"].tolist(), table["shape"].tolist()
    if old != new:
        raise ValueError(
            f"The recording in {where} is of {len(old)} tensors of other shapes than "
            f"the {len(new)} watched ones of this model. Use a new RWCCallback and a "
            "new path for each model."
        )


def resume(path, table, measures, reference, step):
    """Load the recording in `path` to go on with it from `step`.

    Args:
        path: of the recording.
        table: layer table of the model that is to be recorded.
        measures: that are to be recorded.
        reference: of the callback.
        step: optimizer updates that the model has had; later records are dropped,
            with a warning.

    Raises:
        ValueError: if the file is no recording, or not one of this training.
    """
    recording = load_recording(path)
    if len(recording) and step == 0:
        raise ValueError(
            f"{path} already holds {len(recording)} records up to step "
            f"{recording.steps[-1]}, but this model is at step 0. Move that file or "
            "give another path; to go on with it, restore the model and its "
            "optimizer first."
        )
    if len(recording) and reference == "initial":
        raise ValueError(
            f"A recording against the initial weights cannot go on from {path}, which "
            "does not hold those weights. Move that file or give another path."
        )
    check_same(recording, table, measures, path)
    dropped = recording.drop_after(step)
    if dropped:
        warnings.warn(
            f"Dropped the last {dropped} records of {path}: they lie after step "
            f"{step}, at which the model was restored.",
            stacklevel=2,
        )
    return recording

"""Whether a recording is of the training that is to go on with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from tfrwc.recording.recording import Recording


def check_same(
    recording: Recording,
    table: pd.DataFrame,
    measures: tuple[str, ...],
    where: str | Path,
) -> None:
    """Check that a recording is of these layers and measures.

    Raises:
        ValueError: if it is not; `where` says in the message where it is.
    """
    if recording.measures != measures:
        raise ValueError(
            f"The recording in {where} holds the measures {recording.measures}, but "
            f"{measures} are asked for. Ask for the same, or give another path (or "
            "on_existing='new')."
        )
    old, new = recording.layers["shape"].tolist(), table["shape"].tolist()
    if old != new:
        raise ValueError(
            f"The recording in {where} is of {len(old)} tensors of other shapes than "
            f"the {len(new)} watched ones of this model. Use a new RWCCallback and a "
            "new path (or on_existing='new') for each model."
        )


def check_settings(
    recording: Recording, settings: Mapping[str, Any], path: Path
) -> None:
    """Check that a recording was made with the same schedule and reference.

    Raises:
        ValueError: if it was not.
    """
    for name in ("reference", "every"):
        old = recording.settings.get(name, settings[name])
        if old != settings[name]:
            raise ValueError(
                f"{path} was recorded with {name} {old}. Ask for the same, give "
                "another path, or have it moved aside by on_existing='new'. Received: "
                f"{settings[name]}."
            )

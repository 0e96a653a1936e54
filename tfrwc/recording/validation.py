"""The numbers of a validation, which belong to an epoch and to no record.

>>> settings = {}
>>> keep(settings, 63, 1, {"loss": 0.5, "val_loss": 0.7})
>>> settings["validation"]
[{'step': 63, 'epoch': 1, 'val_loss': 0.7}]
"""

import math
from collections.abc import Mapping
from typing import Any

KEY = "validation"


def keep(
    settings: dict[str, Any], step: int, epoch: int, logs: Mapping[str, float]
) -> None:
    """Keep what an epoch's validation gave in the settings of a recording.

    Args:
        settings: of the recording; changed in place.
        step: optimizer updates done.
        epoch: that has ended, from 1.
        logs: numbers of the epoch's, of which those whose names begin with ``val_`` are
            kept; as None what is not finite, which a file's settings cannot hold.
    """
    numbers = {k: v for k, v in logs.items() if k.startswith("val_")}
    if not numbers:
        return
    drop_after(settings, step - 1)
    plain = {k: v if math.isfinite(v) else None for k, v in numbers.items()}
    # A new list: parts of a recording share the one that is there.
    kept = {"step": step, "epoch": epoch, **plain}
    settings[KEY] = [*settings.get(KEY, ()), kept]


def drop_after(settings: dict[str, Any], step: int) -> None:
    """Drop what was kept after a step, to which a training has gone back."""
    if KEY in settings:
        settings[KEY] = [one for one in settings[KEY] if one["step"] <= step]

"""The numbers of a training's validation, epoch by epoch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tfrwc.dynamics.arrays import Floats
from tfrwc.recording.recording import Recording
from tfrwc.recording.validation import KEY


@dataclass(frozen=True, eq=False)
class Validation:
    """What was logged of the validation.

    Attributes:
        steps: optimizer updates done at each, int64 (validations,).
        epochs: that each ended, int64 (validations,).
        loss: float64 (validations,).
        metric: of which more is better, as `Course.metric`, float64 (validations,); NaN
            where it was not logged.
    """

    steps: Any
    epochs: Any
    loss: Floats
    metric: Floats

    @classmethod
    def of(cls, recording: Recording, metric: str, lag: int) -> "Validation":
        """All that are finite, whether a record holds them or they lie beside it.

        Args:
            recording: of the training.
            metric: name of the metric in the logs of the training; may be empty.
            lag: steps before which averages of normalisations, which a validation
                uses, are of other weights: nothing is taken from before them.
        """
        rows = recording.logs.assign(step=recording.steps, epoch=recording.epochs)
        beside = pd.DataFrame(recording.settings.get(KEY) or [])
        table = pd.concat([rows, beside], ignore_index=True)
        wanted = ["step", "epoch", "val_loss", f"val_{metric}"]
        table = table.reindex(columns=wanted).astype(float).sort_values("step")
        table = table[np.isfinite(table["val_loss"]) & (table["step"] >= lag)]
        step, epoch, loss, other = (table[name].to_numpy() for name in wanted)
        return cls(step.astype(np.int64), epoch.astype(np.int64), loss, other)

"""Recordings of two layers, made up record by record."""

import numpy as np
import pandas as pd

from tfrwc import Recording
from tfrwc.recording import Flag

TABLE = pd.DataFrame(
    {
        "name": ["a/kernel", "b/kernel"],
        "path": ["a/kernel", "b/kernel"],
        "kind": ["Dense", "Dense"],
        "shape": [(2, 3), (3, 1)],
        "size": [6, 3],
        "depth": [0, 1],
    }
)


def recording(values, logs, steps=None, epochs=None, **training):
    """A recording of two layers, of l1_ratio and still_units."""
    made = Recording(
        TABLE, ("l1_ratio", "still_units"), {"reference": "previous"} | training
    )
    for i, (value, log) in enumerate(zip(values, logs, strict=True)):
        value = np.asarray(value, np.float32)
        flags = np.where(np.isfinite(value), Flag.OK, Flag.NON_FINITE)
        step = i + 1 if steps is None else steps[i]
        epoch = i + 1 if epochs is None else epochs[i]
        made.append(step, epoch, value, flags, log)
    return made

"""A recording for tests."""

import numpy as np
import pandas as pd

from tfrwc import Recording
from tfrwc.recording import Flag


def make(records=4):
    layers = pd.DataFrame(
        {
            "name": ["a/kernel", "b/kernel"],
            "path": ["m/a/kernel", "m/b/kernel"],
            "kind": ["Conv2D", "Dense"],
            "shape": [(3, 3, 1, 2), (2, 5)],
            "size": [18, 10],
            "depth": [0, 1],
        }
    )
    recording = Recording(layers, ["l1_ratio", "cosine"], {"reference": "previous"})
    rng = np.random.default_rng(0)
    for i in range(records):
        values, flags = rng.random((2, 2), np.float32), np.zeros((2, 2))
        if i == 0:
            values[1, 1], flags[1, 1] = np.nan, Flag.ZERO_DENOMINATOR
        logs = {"loss": 1 / (i + 1)}
        if i % 2:
            logs["val_loss"] = np.nan if i == 3 else 0.5
        recording.append(10 * (i + 1), i + 1, values, flags, logs)
    return recording

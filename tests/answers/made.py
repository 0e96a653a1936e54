"""Recordings whose truth is known."""

import numpy as np
import pandas as pd

from tfrwc import Recording
from tfrwc.recording import Flag


def made(curves, names=None, paths=None, logs=None, flags=None, steps=None, **settings):
    """A recording of these curves, (layers, records), one record per epoch."""
    curves = np.asarray(curves, float)
    count = len(curves)
    names = names or [f"l{i}/kernel" for i in range(count)]
    layers = pd.DataFrame(
        {
            "name": names,
            "path": paths or [f"net/{name}" for name in names],
            "kind": "Dense",
            "shape": [(3, 4)] * count,
            "size": 12,
            "depth": range(count),
        }
    )
    recording = Recording(layers, ["l1_ratio"], settings)
    broken = np.where(np.isnan(curves), Flag.NON_FINITE, Flag.OK)
    flags = broken if flags is None else np.asarray(flags)
    for t in range(curves.shape[1]):
        recording.append(
            10 * (t + 1) if steps is None else steps[t],
            t + 1,
            curves[None, :, t],
            flags[None, :, t],
            {} if logs is None else {key: each[t] for key, each in logs.items()},
        )
    return recording


T = np.arange(20)
NEVER = 0.0 * T
EARLY = 0.5 * 0.3**T  # below a tenth of 0.5 from epoch 3 on
MOVING = 0.1 + 0.0 * T
BREAKS = np.where(T < 12, 0.03, np.nan)

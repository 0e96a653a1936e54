"""Recordings with a change of choice."""

import numpy as np
import pandas as pd

from tfrwc import Recording
from tfrwc.dynamics import compare

SHAPES = [(3, 3, 1, 8), *[(3, 3, 8, 8)] * 7, (8, 10)]


def recording(change, shapes=SHAPES, records=2, rates=None, **made):
    """Layers with a given mean change, the same in each record but for a factor."""
    layers = pd.DataFrame(
        {
            "name": [f"l{i}/kernel" for i in range(len(shapes))],
            "path": "",
            "kind": "Conv2D",
            "shape": shapes,
            "size": [int(np.prod(shape)) for shape in shapes],
            "depth": np.arange(len(shapes)),
        }
    )
    result = Recording(layers, ["l1_ratio", "cosine"], made)
    for t in range(records):
        values = np.array([change, change]) * (2.0 if t % 2 else 0.5)
        logs = {} if rates is None else {"learning_rate": rates[t]}
        result.append(t, t + 1, values, np.zeros_like(values), logs)
    return result


def seeds(rng, slope=0.0, n=3, level=0.1, spread=0.2, shapes=SHAPES):
    """Recordings whose log change rises by `slope` from the first layer to the last."""
    line = slope * np.linspace(-0.5, 0.5, len(shapes))
    return [
        recording(level * np.exp(line + spread * rng.normal(size=len(shapes))), shapes)
        for _ in range(n)
    ]


def log_changes(recordings):
    return np.array([np.log(r.values().astype(float)).mean(axis=0) for r in recordings])


def tasks(rng, slopes, n=3, spread=0.2):
    return compare(
        {f"task{i}": seeds(rng, s, n, spread=spread) for i, s in enumerate(slopes)}
    )


def names(count):
    return [f"task{i}" for i in range(count)]

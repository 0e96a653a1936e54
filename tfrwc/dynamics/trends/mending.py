"""Fill gaps and remove spikes by what layers of the same trend do.

Neighbouring records cannot tell a spike in the first or last record from a start
or an end, nor fill a gap where a curve falls; layers of the same shape can.
"""

import numpy as np

from tfrwc.dynamics.arrays import Bools, Floats
from tfrwc.dynamics.cleaning import MAD_TO_SD
from tfrwc.dynamics.trends.shapes import shapes_of

# In standard deviations of the layer's distance from its trend, and in decades.
_SPIKE, _LEAST_SPREAD = 4, 0.01
_BLOCK = 2**20


def mend(
    logs: Floats,
    gaps: Bools,
    centers: Floats,
) -> Floats:
    """Replace gaps and single values that stand out by a multiple of the trend's shape.

    Each layer takes the trend it correlates best with, a + b c(t), fitted by least
    squares to the values that are neither gaps nor further than 4 robust standard
    deviations off, three times over. Values that far off with a neighbour that is so
    too are left, as they may be the layer's own course.

    Args:
        logs: cleaned curves (layers, records).
        gaps: (layers, records), True where a value was filled in.
        centers: shapes of trends (trends, records).
    """
    mended = logs.copy()
    if not len(centers):
        return mended
    rows = max(1, _BLOCK // logs.shape[1])
    for start in range(0, len(logs), rows):
        part = slice(start, start + rows)
        nearest = (shapes_of(logs[part]) @ centers.T).argmax(axis=1)
        mended[part] = _mend(logs[part], gaps[part], centers[nearest])
    return mended


def _mend(
    logs: Floats,
    gaps: Bools,
    shape: Floats,
) -> Floats:
    off = gaps
    for _ in range(3):
        used = ~off
        count = np.maximum(used.sum(axis=1, keepdims=True), 1)
        x = shape - np.where(used, shape, 0).sum(axis=1, keepdims=True) / count
        y_mean = np.where(used, logs, 0).sum(axis=1, keepdims=True) / count
        square = np.where(used, x**2, 0).sum(axis=1, keepdims=True)
        product = np.where(used, x * (logs - y_mean), 0).sum(axis=1, keepdims=True)
        model = y_mean + product / np.maximum(square, 1e-9) * x
        distance = np.abs(logs - model)
        typical = MAD_TO_SD * np.median(distance, axis=1, keepdims=True)
        far = ~gaps & (distance > _SPIKE * np.maximum(typical, _LEAST_SPREAD))
        off = gaps | far
    single = far.copy()
    single[:, 1:] &= ~far[:, :-1]
    single[:, :-1] &= ~far[:, 1:]
    mended: Floats = np.where(gaps | single, model, logs)
    return mended

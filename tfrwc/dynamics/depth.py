"""Does change grow with depth, or with the size of the layer?

Later layers of most networks are larger, and some measures read larger for larger
tensors. So the rank correlation of change with depth is reported beside the one
with size, and each with the other held fixed.
"""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tfrwc.recording.recording import Recording

EFFECTS = ("depth", "size", "depth given size", "size given depth")


def depth_effect(
    recordings, measure="l1_ratio", confidence=0.95, n_bootstrap=2000, random_state=0
) -> pd.DataFrame:
    """Rank correlations of relative change with depth and with size.

    A layer's change is the mean of the logarithm of its values over the records
    (zeros and NaN left out) and over the recordings. "given" is Spearman's partial
    correlation: that of the ranks, with the ranks of the other held fixed. The
    intervals are percentiles over layers drawn again with replacement.

    Args:
        recordings: a `Recording`, or a list of them (seeds of one network).
        measure: which measure to read.
        confidence: of the intervals.
        n_bootstrap: how many times the layers are drawn.
        random_state: seed of the draws.

    Returns:
        DataFrame with a row for each of `EFFECTS` and the columns effect,
        correlation, low, high, layers (how many entered). A correlation is NaN
        where one of its variables does not vary.

    Raises:
        TypeError: if something else than recordings is given.
        ValueError: if fewer than 4 layers have values, or networks differ.
    """
    if not isinstance(recordings, (list, tuple)):
        recordings = [recordings]
    for recording in recordings:
        if not isinstance(recording, Recording):
            raise TypeError(
                "depth_effect takes a Recording or a list of them. Received: "
                f"{type(recording).__name__}. Read a file with tfrwc.load_recording."
            )
    if not recordings:
        raise ValueError("depth_effect needs at least one recording. Received none.")
    tables = [recording.layers for recording in recordings]
    shapes = [table["shape"].tolist() for table in tables]
    if any(other != shapes[0] for other in shapes):
        raise ValueError(
            "All recordings must be of one network: the shapes of their watched "
            f"tensors differ. Received {len(recordings)} recordings with "
            f"{[len(table) for table in tables]} tensors."
        )
    change = np.log(typical_change([r.values(measure).T for r in recordings]))
    known = np.isfinite(change)
    if known.sum() < 4:
        raise ValueError(
            f"Correlations need 4 or more layers with values of {measure!r}. "
            f"Received: {known.sum()}. Record more epochs or watch more tensors."
        )
    data = np.column_stack(
        [
            change[known],
            tables[0]["depth"].to_numpy(float)[known],
            tables[0]["size"].to_numpy(float)[known],
        ]
    )
    rng = np.random.default_rng(random_state)
    draws = rng.integers(len(data), size=(n_bootstrap, len(data)))
    resampled = np.array([_effects(data[draw]) for draw in draws])
    tail = 100 * (1 - confidence) / 2
    low, high = _percentiles(resampled, [tail, 100 - tail])
    return pd.DataFrame(
        {
            "effect": EFFECTS,
            "correlation": _effects(data),
            "low": low,
            "high": high,
            "layers": len(data),
        }
    )


def typical_change(curves) -> np.ndarray:
    """Geometric mean of each layer's values.

    Args:
        curves: (layers, records), or (runs, layers, records).

    Returns:
        float64 (layers,). Zeros and NaN are left out; NaN where nothing is left.
    """
    with np.errstate(divide="ignore"):
        logs = np.log(np.asarray(curves, np.float64))
    logs = _mean_of_known(np.moveaxis(logs, -1, 0))
    return np.exp(_mean_of_known(logs) if logs.ndim > 1 else logs)


def _mean_of_known(rows):
    known = np.isfinite(rows)
    count = known.sum(axis=0)
    total = np.where(known, rows, 0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _effects(data):
    ranks = rankdata(data, axis=0)
    centred = ranks - ranks.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cd, cs, ds = (
            centred[:, i] @ centred[:, j] / (norms[i] * norms[j])
            for i, j in ((0, 1), (0, 2), (1, 2))
        )
    return [cd, cs, _partial(cd, cs, ds), _partial(cs, cd, ds)]


def _partial(xy, xz, yz):
    """Correlation of x and y with z held fixed; NaN where z fixes one of them."""
    left = (1 - xz**2) * (1 - yz**2)
    return (xy - xz * yz) / np.sqrt(left) if left > 1e-9 else np.nan


def _percentiles(resampled, tails):
    # A draw can leave a correlation undefined; such draws say nothing.
    undefined = np.isnan(resampled).all(axis=0)
    filled = np.where(undefined, 0, resampled)
    return np.where(undefined, np.nan, np.nanpercentile(filled, tails, axis=0))

"""Whether the trainings of a sweep were over."""

import numpy as np
import pandas as pd

# A training goes on while the loss of its last fifth is lower than that of the fifth
# before it by more than this part of itself.
GAIN = 0.01


def convergence(history: pd.DataFrame) -> dict[str, float]:
    """How many trainings of a sweep still improved when they ended.

    Args:
        history: of `tfrwc.disentangle.BetaSweep`: epoch, beta, seed and loss.

    Returns:
        members, how many trainings; still_falling, how many of them went on;
        largest_gain, of the loss over the last fifth of epochs, as a share of it.
    """
    gains = [
        _gain(losses["loss"].to_numpy(float))
        for _, losses in history.groupby(["beta", "seed"])
    ]
    return {
        "members": len(gains),
        "still_falling": int(sum(not gain <= GAIN for gain in gains)),
        "largest_gain": float(np.max(gains)),
    }


def _gain(losses: np.ndarray) -> float:
    """The share of the loss by which it fell in the last fifth of the epochs."""
    fifth = max(1, len(losses) // 5)
    if len(losses) < 2:
        return np.inf
    before, last = losses[-2 * fifth : -fifth].mean(), losses[-fifth:].mean()
    return float((before - last) / max(abs(last), 1e-12))

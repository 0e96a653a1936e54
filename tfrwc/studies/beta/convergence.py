"""Whether the trainings of a sweep were over."""

import numpy as np
import pandas as pd

# A training goes on while its loss falls by more than this part of itself from the
# middle to the end. Not over the last epochs: in these the learning rate is near 0, and
# any loss stands still.
GAIN = 0.02


def convergence(history: pd.DataFrame) -> dict[str, float]:
    """How many trainings of a sweep still improved when they ended.

    Args:
        history: of `tfrwc.disentangle.BetaSweep`: epoch, beta, seed and loss.

    Returns:
        members, how many trainings; still_falling, how many of them went on;
        largest_gain, of the loss over the second half, as a share of it.
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
    """The share of the loss by which it fell in the second half of the epochs, means
    over a fifth of them in the middle and at the end."""
    fifth = max(1, len(losses) // 5)
    if len(losses) < 2:
        return np.inf
    start = (len(losses) - fifth) // 2
    middle, last = losses[start : start + fifth].mean(), losses[-fifth:].mean()
    return float((middle - last) / max(abs(last), 1e-12))

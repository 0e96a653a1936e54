"""Whether the trainings of a sweep were over."""

import numpy as np
import pandas as pd

# A training goes on while its loss falls, or rises, by more than this part of itself
# from the middle to the end. Not over the last epochs: in these the learning rate is
# near 0, and any loss stands still.
GAIN = 0.02


def convergence(history: pd.DataFrame) -> dict[str, float]:
    """How many trainings of a sweep still changed, or had diverged, when they ended.

    Args:
        history: of `tfrwc.disentangle.BetaSweep`: epoch, beta, seed and loss.

    Returns:
        members, how many trainings; still_falling, how many of them went on;
        largest_gain, of the loss over the second half, as a share of it.
    """
    last = history["epoch"].max()
    gains = [
        _gain(losses["loss"].to_numpy(float), losses["epoch"].max() == last)
        for _, losses in history.groupby(["beta", "seed"])
    ]
    return {
        "members": len(gains),
        "still_falling": int(sum(not abs(gain) <= GAIN for gain in gains)),
        "largest_gain": float(np.max(gains)),
    }


def _gain(losses: np.ndarray, is_whole: bool) -> float:
    """The share of the loss by which it fell in the second half of the epochs, means
    over a fifth of them in the middle and at the end.

    Args:
        losses: (epochs,).
        is_whole: whether there is a loss of each epoch; of a training that diverges
            there is none from then on.
    """
    fifth = max(1, len(losses) // 5)
    if len(losses) < 2 or not is_whole:
        return np.inf
    start = (len(losses) - fifth) // 2
    middle, last = losses[start : start + fifth].mean(), losses[-fifth:].mean()
    return float((middle - last) / max(abs(last), 1e-12))

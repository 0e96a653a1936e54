"""How much latents tell about factors, in nats."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import mutual_info_score

from tfrwc.disentangle.scores.points import Codes, Factors

_BINS = 20  # of equal width, into which a latent is cut


def information(codes: Codes, factors: Factors) -> NDArray[np.float64]:
    """Mutual information of each binned latent with each factor, in nats.

    Returns:
        (latents, factors).
    """
    return np.array(
        [[mutual_info_score(_binned(c), f) for f in factors.T] for c in codes.T]
    )


def _binned(code: Codes) -> NDArray[np.intp]:
    low, high = code.min(), code.max()
    if high - low <= _BINS * np.spacing(max(abs(low), abs(high))):
        return np.zeros(len(code), np.intp)  # all of it is rounding
    return np.digitize(code, np.histogram_bin_edges(code, _BINS)[1:-1])


def entropies(factors: Factors) -> NDArray[np.float64]:
    """Entropy of each factor, in nats: (factors,)."""
    return np.array([mutual_info_score(f, f) for f in factors.T])

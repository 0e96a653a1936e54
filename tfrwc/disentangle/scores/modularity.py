"""Modularity."""

import numpy as np
from numpy.typing import ArrayLike

from tfrwc.disentangle.scores.information import information
from tfrwc.disentangle.scores.points import checked


def modularity(codes: ArrayLike, factors: ArrayLike) -> float:
    """Modularity (Ridgeway and Mozer, NeurIPS 2018).

    For each latent, 1 less the squared informations about other factors than its best,
    relative to that of its best and their number; the mean over latents that know
    anything. With one factor there is nothing to be modular about: 1.
    """
    codes, factors = checked(codes, factors)
    if factors.shape[1] == 1:
        return 1.0
    informations = information(codes, factors)
    informative = informations.max(axis=1) > 1e-12
    if not informative.any():
        return 0.0
    squares = informations[informative] ** 2
    best = squares.max(axis=1)
    deviation = (squares.sum(axis=1) - best) / (best * (factors.shape[1] - 1))
    return float(np.mean(1 - deviation))

"""Modularity."""

import numpy as np
from numpy.typing import ArrayLike

from tfrwc.disentangle.scores.information import information
from tfrwc.disentangle.scores.points import checked


def modularity(
    codes: ArrayLike, factors: ArrayLike, live: ArrayLike | None = None
) -> float:
    """Modularity (Ridgeway and Mozer, NeurIPS 2018).

    For each latent, 1 less the squared informations about other factors than its best,
    relative to that of its best and their number; the mean over latents.

    Latents without any information, for which the paper has 0/0 and Locatello et al.
    0, are left out. Information is of codes in 20 bins of equal width. With one factor
    there is nothing to be modular about: 1.

    Args:
        codes, factors, live: as of all scores.
    """
    codes, factors = checked(codes, factors, live)
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

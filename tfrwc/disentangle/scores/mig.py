"""Mutual information gap."""

import numpy as np
from numpy.typing import ArrayLike

from tfrwc.disentangle.scores.information import entropies, information
from tfrwc.disentangle.scores.points import checked


def mig(codes: ArrayLike, factors: ArrayLike, live: ArrayLike | None = None) -> float:
    """Mutual information gap (Chen et al., NeurIPS 2018).

    For each factor, its mutual information with the best latent less that with the
    next best, divided by its entropy; the mean over factors.

    The paper has the information of samples of q(z|x) and integrates over z. Here, as
    in Locatello et al., it is that of the means, cut into 20 bins of equal width. With
    one live latent the next best is 0.

    Args:
        codes, factors, live: as of all scores.
    """
    codes, factors = checked(codes, factors, live)
    ascending = np.sort(information(codes, factors), axis=0)
    second = ascending[-2] if len(ascending) > 1 else 0
    return float(np.mean((ascending[-1] - second) / entropies(factors)))

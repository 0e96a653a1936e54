"""What moves a code: how much of its variance comes from which factor.

>>> import numpy as np
>>> from tfrwc.disentangle import invariance
>>> factors = np.indices((3, 4, 8)).reshape(3, -1).T    # of shape, scale and place
>>> codes = np.column_stack([factors[:, 0], factors[:, 1] + factors[:, 2]])
>>> found = invariance.variance_shares(codes, factors)
>>> found.of([0]).round(2), found.of([1, 2]).round(2)   # each latent: shape; the others
(array([1., 0.]), array([0., 1.]))

A latent is invariant to a factor that none of its variance comes from. `seen_turns`
makes the angle of an object what can be seen of it: a square looks the same after a
quarter turn. `tfrwc.disentangle.scores.irs` is a score of invariance.
"""

from tfrwc.disentangle.invariance.turns import seen_turns
from tfrwc.disentangle.invariance.variance import VarianceShares, variance_shares

__all__ = ["VarianceShares", "seen_turns", "variance_shares"]

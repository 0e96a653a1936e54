"""What (epsilon, delta) lets the best membership attack do.

>>> from tfrwc.privacy.accounting import bounds
>>> round(bounds.advantage_bound(1.0, 1e-5), 3)
0.462

The attacker must say whether one example was in the training data or not; all else is
known to him. A true positive is a member that is called one, a false positive a
non-member. The bounds hold for rates over the randomness of training and of the choice
of members; a measured rate can lie above by chance. They are all of one fact, that no
test does better than (Kairouz, Oh, Viswanath, ICML 2015, theorem 2.1)

    TPR <= min(e^epsilon FPR + delta, 1 - e^-epsilon (1 - delta - FPR)).
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.integrate import trapezoid

# Above it e^epsilon overflows, and the bounds are 1 in double precision.
_GREATEST = 700.0


def tpr_bound(fpr: npt.ArrayLike, epsilon: float, delta: float = 0.0) -> Any:
    """Greatest true positive rate at a false positive rate.

    Args:
        fpr: a number, or an array of any shape.
        epsilon: of the guarantee.
        delta: of the guarantee.

    Returns:
        float64 of the shape of `fpr`.
    """
    fpr = np.asarray(fpr, np.float64)
    grown = np.exp(min(epsilon, _GREATEST)) * fpr + delta
    bound = np.minimum(grown, 1 - math.exp(-epsilon) * (1 - delta - fpr))
    return np.clip(bound, 0.0, 1.0)[()]


def advantage_bound(epsilon: float, delta: float = 0.0) -> float:
    """Greatest TPR - FPR: (e^epsilon - 1 + 2 delta) / (e^epsilon + 1)."""
    return min(1.0, math.tanh(epsilon / 2) + 2 * delta * _corner(epsilon))


def auc_bound(epsilon: float, delta: float = 0.0) -> float:
    """Greatest area under the curve: that under `tpr_bound`, by its corners."""
    corner = (1 - delta) * _corner(epsilon)
    fpr, tpr = [0.0, corner, 1 - delta, 1.0], [delta, 1 - corner, 1.0, 1.0]
    return float(trapezoid(tpr, fpr))


def group_guarantee(epsilon: float, delta: float, size: int) -> tuple[float, float]:
    """(epsilon, delta) of `size` examples together, from that of one.

    Group privacy: size epsilon, and delta (e^(size epsilon) - 1) / (e^epsilon - 1)
    (Vadhan, The Complexity of Differential Privacy, 2017, lemma 2.2), at most 1.
    """
    together = size * epsilon
    if delta == 0 or together > _GREATEST:
        return together, 0.0 if delta == 0 else 1.0
    # The ratio is the number of examples where epsilon is 0.
    ratio = math.expm1(together) / math.expm1(epsilon) if epsilon else size
    return together, min(1.0, delta * ratio)


def _corner(epsilon: float) -> float:
    """1 / (e^epsilon + 1)."""
    return math.exp(-epsilon) / (1 + math.exp(-epsilon))

"""What the best attack on a known mechanism can do: all that its noise allows.

>>> from tfrwc.privacy.accounting import attacks
>>> from tfrwc.privacy.accounting.stages import Stage
>>> limits = attacks.of_training([Stage(0.9753, 256 / 4708, steps=57)])
>>> round(limits.advantage, 3), round(limits.auc, 3)
(0.202, 0.641)
>>> round(attacks.of_guarantee(3.0, 2.1e-5).advantage, 3)
0.905

An attacker knows all but whether one example (or group) was there. What he can do, TPR
at each FPR, is the curve of the likelihood ratio test of the two distributions that the
mechanism is at most as telling as (Neyman and Pearson). It lies far below the curve
that one pair of epsilon and delta allows, which holds for any mechanism. The greatest
TPR - FPR, the advantage, is delta at an epsilon of 0: the total variation. The curves
are upper bounds, by grids that add some 0.1 %.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.integrate import trapezoid

from tfrwc.privacy.accounting.losses import Floats, Loss, LossSum, discrete_loss
from tfrwc.privacy.accounting.stages import (
    Stage,
    Together,
    loss_sums,
    shift_without_sampling,
    together,
)

_ERROR = 1e-3  # of the advantage, as a share of it
_CUT = 1e-13  # probability that may count as certainty
_LARGEST_GRID = 2**20
_SURE = 20.0  # e^-20 of overlap that may count as certainty
_CERTAIN = 50.0  # shift of normal noise, in deviations
_ROUNDING = 1e-10  # of the numbers of a curve


@dataclass(frozen=True, eq=False)
class Attacks:
    """The curve that no attack is above.

    Attributes:
        fpr: (n,), false positive rates from 0 to 1, rising.
        tpr: (n,), the greatest true positive rates; straight lines in between.
    """

    fpr: Floats
    tpr: Floats

    @property
    def advantage(self) -> float:
        """Greatest TPR - FPR."""
        return float(np.clip(self.tpr - self.fpr, 0, 1).max())

    @property
    def success(self) -> float:
        """Greatest share of right answers where both are as likely before."""
        return (1 + self.advantage) / 2

    @property
    def auc(self) -> float:
        """Greatest area under a curve of TPR over FPR."""
        return float(trapezoid(self.tpr, self.fpr))

    def tpr_at(self, fpr: npt.ArrayLike) -> Any:
        """Greatest true positive rate at false positive rates of any shape."""
        return np.interp(np.asarray(fpr, np.float64), self.fpr, self.tpr)[()]

    def replaced(self) -> "Attacks":
        """The same where an example is replaced by another, not there or not.

        Who can tell "with this one" from "with that one" can be no better than by way
        of "with neither": the curve from there, at the rates of the curve to there.
        """
        # Of the test for the other one: not there is what it calls positive.
        fpr, tpr = 1 - self.tpr[::-1], 1 - self.fpr[::-1]
        fpr, tpr = np.append(0.0, fpr), np.append(0.0, tpr)
        inner = np.interp(self.fpr, tpr, fpr)
        rates = np.union1d(fpr, inner)
        return Attacks(rates, self.tpr_at(np.interp(rates, fpr, tpr)))


def of_training(
    stages: Iterable[Stage],
    size: int = 1,
    known: Iterable[tuple[float, float]] = (),
) -> Attacks:
    """Attacks on one example of a training, or on a group.

    Args:
        stages: of the training.
        size: number of examples that are there or not together.
        known: (epsilon, delta) of what else is done with these together.
    """
    what = together(stages, size, known)
    if not what.stages and not what.known:
        return of_guarantee(0.0)
    if what.is_bare:
        return of_guarantee(math.inf)
    return _of_training(what)


@lru_cache(maxsize=4)
def _of_training(what: Together) -> Attacks:
    shift = shift_without_sampling(what)
    if shift is not None and shift > _CERTAIN:
        return of_guarantee(math.inf)
    return _of_sum(loss_sums(what, _CUT)[0])


def of_normal_noise(distance: float, sigma: float) -> Attacks:
    """Attacks on normal noise, added once to what differs by an L2 distance."""
    return of_training([Stage(sigma / distance, 1.0, 1)])


@lru_cache(maxsize=4)
def of_pure(parts: tuple[tuple[float, int], ...]) -> Attacks:
    """Attacks on any mechanisms of pure epsilons together.

    Of all with that epsilon, randomized response tells most (Kairouz, Oh, Viswanath,
    ICML 2015, theorem 2.5).

    Args:
        parts: pairs (pure epsilon, number of such mechanisms).
    """
    # Of the overlap of all answers, by Bhattacharyya, the negative logarithm.
    apart = sum(n * np.logaddexp(e / 2, -e / 2) - n * math.log(2) for e, n in parts)
    if apart > _SURE:
        return of_guarantee(math.inf)
    losses = []
    for epsilon, count in parts:
        truth = 1 / (1 + math.exp(-epsilon))
        two = np.array([-epsilon, epsilon]), np.array([1 - truth, truth])
        losses.append((discrete_loss(*two), count))
    return of_losses(losses)


def of_guarantee(epsilon: float, delta: float = 0.0) -> Attacks:
    """Attacks on any mechanism of which only epsilon and delta are known."""
    corner = (1 - delta) * math.exp(-epsilon) / (1 + math.exp(-epsilon))
    fpr, tpr = [0.0, corner, 1 - delta, 1.0], [delta, 1 - corner, 1.0, 1.0]
    return Attacks(np.array(fpr), np.array(tpr))


def of_losses(parts: Sequence[tuple[Loss, int]]) -> Attacks:
    """Attacks on a mechanism of independent privacy losses.

    Args:
        parts: pairs (loss of a step, number of such steps).
    """
    return _of_sum(LossSum(parts))


def _of_sum(total: LossSum) -> Attacks:
    mean, variance = total.moments(0.0)
    advantage = min(1.0, math.sqrt(variance))
    if advantage == 0 and mean > 0:  # always one and the same answer
        return of_guarantee(math.inf)
    if advantage == 0:
        return of_guarantee(0.0, total.infinite + _ROUNDING)
    step = math.inf
    for _ in range(6):
        # A grid moves the mean loss by n h² / 12 and its variance by n h² / 6.
        wanted = advantage * math.sqrt(12 * _ERROR / total.count)
        finer = total.feasible(wanted, 0.0, _LARGEST_GRID)
        if finer > step / 1.5:
            break
        step = finer
        curve = _curve(total, step)
        advantage = curve.advantage
    return curve


def _curve(total: LossSum, step: float) -> Attacks:
    losses, masses, log_moment = total.total(0.0, step)
    masses = masses[::-1] * math.exp(log_moment)
    others = masses * np.exp(np.minimum(-losses[::-1], 700.0))
    sure = total.infinite + _ROUNDING
    tpr = np.minimum(np.concatenate([[sure], sure + np.cumsum(masses), [1.0]]), 1.0)
    fpr = np.minimum(np.concatenate([[0.0], np.cumsum(others), [1.0]]), 1.0)
    return Attacks(fpr, tpr)

"""What a guarantee allows a membership attack.

>>> limits = limits_of((1.0, 1e-5), images=1)
>>> round(limits.attacks.advantage, 3)
0.462
"""

import math
from dataclasses import dataclass

from tfrwc.privacy.accounting.attacks import Attacks, of_guarantee
from tfrwc.privacy.accounting.bounds import group_guarantee
from tfrwc.privacy.arguments import check_guarantee
from tfrwc.privacy.statement import PrivacyStatement


@dataclass(frozen=True, eq=False)
class Limits:
    """What is guaranteed to members, and what that leaves to attacks.

    Attributes:
        one: (epsilon, delta) of one example.
        together: (epsilon, delta) of what comes and goes together.
        attacks: on what comes and goes together.
    """

    one: tuple[float, float]
    together: tuple[float, float]
    attacks: Attacks

    @property
    def tpr(self) -> float:
        """Greatest true positive rate at 1 % false positives."""
        return float(self.attacks.tpr_at(0.01))


def limits_of(
    guarantee: PrivacyStatement | tuple[float, float] | None, images: int
) -> Limits | None:
    """The limits of a guarantee; None where nothing is guaranteed.

    Args:
        guarantee: a statement; or (epsilon, delta) for replacing one example.
        images: how many come and go together.

    Raises:
        ValueError: if it is neither, or not in its range.
    """
    if guarantee is None:
        return None
    if isinstance(guarantee, PrivacyStatement):
        if math.isinf(guarantee.guarantee.epsilon):
            return None
        return Limits(
            guarantee.guarantee,
            guarantee.guarantee_of(images),
            guarantee.attacks_on_members(images),
        )
    one = check_guarantee(guarantee)
    together = group_guarantee(*one, images)
    return Limits(one, together, of_guarantee(*together))

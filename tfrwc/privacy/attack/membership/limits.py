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
from tfrwc.privacy.statement import PrivacyStatement, with_article


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
    guarantee: PrivacyStatement | tuple[float, float] | None,
    images: int,
    of_groups: bool = False,
) -> Limits | None:
    """The limits of a guarantee; None where nothing is guaranteed.

    Args:
        guarantee: a statement; or (epsilon, delta) for replacing one example.
        images: how many come and go together.
        of_groups: whether these are those of a patient, or other unit.

    Raises:
        ValueError: if it is neither, or not in its range, or for a unit that the attack
            is not on.
    """
    if guarantee is None:
        return None
    if isinstance(guarantee, PrivacyStatement):
        if math.isinf(guarantee.guarantee.epsilon):
            return None
        if guarantee.unit != "image":
            if not of_groups:
                raise ValueError(
                    f"The guarantee is for {with_article(guarantee.unit)}, and the "
                    "attack on single examples. Give groups, the unit of each example, "
                    "or leave guarantee out."
                )
            images = 1  # what comes and goes is one unit
        return Limits(
            guarantee.guarantee,
            guarantee.guarantee_of(images),
            guarantee.attacks_on_members(images),
        )
    one = check_guarantee(guarantee)
    together = group_guarantee(*one, images)
    return Limits(one, together, of_guarantee(*together))

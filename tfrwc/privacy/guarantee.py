"""The pair (epsilon, delta), and the one form of "no guarantee": an infinite epsilon.

In Python no guarantee is `math.inf`, in JSON files the string ``"infinity"``.

>>> NO_GUARANTEE
EpsilonDelta(epsilon=inf, delta=0.0)
>>> epsilon_from_json("infinity"), epsilon_from_json(3.0)
(inf, 3.0)
"""

import math
from typing import NamedTuple

from tfrwc._common.plain import number


class EpsilonDelta(NamedTuple):
    """An approximate guarantee.

    Attributes:
        epsilon: greatest natural logarithm of a ratio of probabilities; `math.inf`
            where nothing is guaranteed.
        delta: probability that epsilon is exceeded.
    """

    epsilon: float
    delta: float


NO_GUARANTEE = EpsilonDelta(math.inf, 0.0)


def epsilon_from_json(value: float | str | None) -> float:
    """Read an epsilon from a JSON file: `math.inf` where nothing is guaranteed.

    Args:
        value: a number, ``"infinity"``, or null, which earlier versions wrote for it.

    Raises:
        ValueError: if it is none of these.
    """
    return math.inf if value is None else number(value)

"""Epsilons at the door of components, whose parameters are finite.

ML Metadata keeps no infinity. Everywhere else infinity is no guarantee; as a parameter
of a component that is 0, which no epsilon can be.
"""

import math


def to_parameter(epsilon: float) -> float:
    """An epsilon as a parameter of a component."""
    return 0.0 if math.isinf(epsilon) else epsilon


def from_parameter(parameter: float) -> float:
    """The epsilon that a parameter of a component stands for."""
    return parameter or math.inf

"""Epsilons at the door of components."""

import math

import pytest

from tfrwc.components.engine.epsilons import from_parameter, to_parameter


@pytest.mark.parametrize(("epsilon", "parameter"), [(math.inf, 0.0), (3.0, 3.0)])
def test_parameters_are_finite(epsilon, parameter):
    assert to_parameter(epsilon) == parameter
    assert from_parameter(parameter) == epsilon

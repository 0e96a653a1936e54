"""Laplace noise on every value."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.privacy import PixelLaplace
from tfrwc.privacy.release.statement import rounded_up


@settings(max_examples=100, deadline=None)
@given(st.floats(1e-9, 1e12), st.floats(-1e3, 1e3), st.floats(1e-3, 1e6))
def test_the_stated_epsilon_is_not_below_that_of_the_numbers(scale, low, span):
    """In fractions: steps between the bounds, by the fall of a step."""
    mechanism = PixelLaplace(scale, bounds=(low, low + span))
    grid, statement = mechanism._grid(), mechanism.statement((1, 1))
    step = Fraction(grid.step)
    assert 1 in (step.numerator, step.denominator)
    assert grid.steps * step <= Fraction(low + span) - Fraction(low)
    true = grid.steps * step / Fraction(scale)
    assert Fraction(statement.per_value_epsilon) >= true
    assert Fraction(rounded_up(mechanism._image_epsilon((3, 5, 1)))) >= 15 * true
    # And no more than rounding makes of it.
    assert statement.per_value_epsilon <= (1 + 1e-15) * span / scale * (
        1 + 2e-16 * abs(low) / span
    )


@pytest.mark.parametrize("scale", [0.01, 1.0, 20.0, 255.0, 1e5])
def test_values_are_on_the_grid_as_they_are(scale):
    """Those of uint8, with bounds named and without."""
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    mechanism = PixelLaplace(scale, bounds=(0, 255))
    grid = mechanism._grid()
    assert (grid.values(grid.places(values)) == values).all()
    assert grid.step * grid.steps == 255


def test_rounding_up():
    assert rounded_up(Fraction(1, 3)) > Fraction(1, 3)
    assert rounded_up(Fraction(1, 3)) == math.nextafter(1 / 3, 1)
    assert rounded_up(Fraction(5, 8)) == 0.625
    assert rounded_up(math.inf) == math.inf

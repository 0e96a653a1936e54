"""The angle between old and new weights."""

import math

import pytest

from tfrwc.dynamics import relative_change


def test_cosine_of_a_small_turn_keeps_its_digits():
    angle = 1e-6
    turned = [math.cos(angle), math.sin(angle)]
    assert relative_change([1, 0], turned, "cosine") == pytest.approx(
        angle**2 / 2, rel=1e-9
    )

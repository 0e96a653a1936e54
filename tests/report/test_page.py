"""How numbers are written on a page."""

import math

import pytest

from tfrwc.report import page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (12345, "12,345"),
        (0.12345, "0.123"),
        ("infinity", "inf"),
        (1234.5, "1.23e+03"),
    ],
)
def test_numbers(value, text):
    assert page._number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("infinity", "none"),
        (math.inf, "none"),
        (1234.5, "1,234"),
        (3, "3"),
        (0.98765, "0.988"),
    ],
)
def test_an_infinite_epsilon_is_none(value, text):
    assert page._epsilon(value) == text

"""Relative change by its definition."""

import math

import pytest

from tfrwc.dynamics import MEASURES, relative_change

EXACT = [  # previous [1, -2, 4], current [2, -2, 3]
    ("l1_ratio", 2 / 7),
    ("l2_ratio", math.sqrt(2 / 21)),
    ("elementwise_mean", (1 + 0 + 0.25) / 3),
    ("elementwise_median", 0.25),
    ("cosine", 1 - 18 / math.sqrt(21 * 17)),
    ("still_units", 1 / 3),
]


NAMES = [name for name, _ in EXACT]
# A share of units needs no weights but finite ones.
OF_CHANGE = [name for name in NAMES if name != "still_units"]


def test_table_covers_every_measure():
    assert sorted(NAMES) == sorted(MEASURES)


@pytest.mark.parametrize(("measure", "expected"), EXACT)
def test_known_values(measure, expected):
    assert relative_change([1, -2, 4], [2, -2, 3], measure) == pytest.approx(expected)


@pytest.mark.parametrize("measure", NAMES)
@pytest.mark.parametrize(
    ("previous", "current"),
    [
        ([1.0, math.nan], [1.0, 2.0]),
        ([1.0, 2.0], [1.0, math.inf]),
        ([math.inf, 1.0], [math.inf, 1.0]),
    ],
)
def test_weights_that_are_not_finite_are_nan(measure, previous, current):
    assert math.isnan(relative_change(previous, current, measure))


@pytest.mark.parametrize("measure", OF_CHANGE)
@pytest.mark.parametrize("current", [[1.0, 2.0], [0.0, 0.0]])
def test_a_change_of_nothing_is_nan(measure, current):
    assert math.isnan(relative_change([0.0, 0.0], current, measure))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("l1_ratio", 0.5), ("elementwise_mean", math.nan), ("elementwise_median", 0.5)],
)
def test_a_zero_that_stays(measure, expected):
    value = relative_change([0.0, 2.0, 4.0], [0.0, 3.0, 6.0], measure)
    assert value == pytest.approx(expected, nan_ok=True)


def test_errors_name_the_rule_and_what_was_received():
    with pytest.raises(ValueError, match=r"one of l1_ratio, .*Received: 'l3'"):
        relative_change([1.0], [1.0], "l3")
    with pytest.raises(ValueError, match=r"same shape.*\(2,\) and \(1,\)"):
        relative_change([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="at least one element"):
        relative_change([], [])

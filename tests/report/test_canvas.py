"""The canvas of all figures."""

import math

import numpy as np

from tfrwc.report.canvas import NO_TREND_COLOUR, array, subplots, trend_colour


def test_json_becomes_floats():
    np.testing.assert_array_equal(
        array([[1, None], ["infinity", 0.5]]), [[1, math.nan], [math.inf, 0.5]]
    )


def test_trends_have_colours_of_their_own():
    assert len({trend_colour(trend) for trend in range(10)}) == 10
    assert trend_colour(-1) == NO_TREND_COLOUR
    assert trend_colour(10) == trend_colour(0)


def test_axes_have_no_frame_above_and_on_the_right():
    figure, axes = subplots(6, 3, 2, 2)
    assert axes.shape == (2, 2)
    assert figure.get_size_inches().tolist() == [6, 3]
    for axis in axes.flat:
        assert not axis.spines["top"].get_visible()
        assert axis.spines["left"].get_visible()

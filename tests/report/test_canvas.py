"""The canvas of all figures."""

import math
import warnings

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from tfrwc.report.canvas import NO_TREND_COLOUR, array, label, subplots, trend_colour


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


@given(st.text() | st.text(alphabet="$\\_{}^ab\n\t\0"))
@example(r"x$\frac$")
@example("a\nb")
@settings(deadline=None)
def test_any_name_of_a_layer_can_be_drawn_on_one_line(name):
    shown = label(name, 40)
    assert shown.replace(r"\$", "$").isprintable()
    figure, axis = subplots(9, 2)
    axis.set_yticks([0], [shown])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph|Matplotlib currently")
        FigureCanvasAgg(figure).draw()
    [text] = axis.get_yticklabels()
    assert not text._preprocess_math(shown)[1]

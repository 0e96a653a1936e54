"""How numbers are written on a page, and its pictures drawn."""

import math

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfrwc.report import page
from tfrwc.report.figures import Drawing


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


def test_a_figure_is_drawn_once(tmp_path, monkeypatch):
    """For its file, which has a title, and for the page, where its caption is it."""
    drawn = []
    draw = FigureCanvasAgg.draw

    def counted(canvas):
        drawn.append(canvas.figure)
        draw(canvas)

    monkeypatch.setattr(FigureCanvasAgg, "draw", counted)
    figure = Figure((2, 1), dpi=50)
    page._save(
        Drawing("one", figure, "It is found. And more.", "a text", "more"), tmp_path
    )
    assert drawn.count(figure) == 1
    assert (tmp_path / "one.png").exists()

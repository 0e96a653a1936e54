"""Pieces of SVG: escaped, and lines that break where values do."""

import doctest
from xml.etree import ElementTree

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfrwc.answers.page import svg
from tfrwc.recording.names import shortened

anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_the_example_runs():
    assert doctest.testmod(svg).failed == 0


@given(anything, anything, anything)
def test_texts_are_escaped(title, text, attribute):
    title, text, attribute = (shortened(each) for each in (title, text, attribute))
    element = svg.tag("text", title=title, text=text, class_=attribute)
    tree = ElementTree.fromstring(str(element))
    assert (tree.find("title").tail or "") == text
    assert (tree.find("title").text or "") == title
    assert tree.get("class") == attribute
    assert len(list(tree)) == 1


def test_lines_break_at_gaps_and_single_points_are_dots():
    y = [1, 2, np.nan, 4, np.nan, np.nan, 7]
    assert svg.path(range(7), y) == "M0 1L1 2M3 4h0M6 7h0"
    assert svg.path([0, 1], [np.nan, np.nan]) == ""


def test_areas_are_where_both_edges_are():
    low, high = [1, 1, np.nan, 1, 1], [2, 2, 2, 3, 3]
    assert svg.area(range(5), low, high) == "M0 1L1 1L1 2L0 2zM3 1L4 1L4 3L3 3z"


@given(anything, st.integers(30, 300))
def test_names_fit(name, width):
    text = svg.fitted(name, width)
    cells = sum(svg._cells(c) for c in text)
    assert cells * svg.CHARACTER <= width or len(text) <= 3


def test_backward_names_keep_to_themselves():
    assert svg.isolated("dense/kernel") == "dense/kernel"
    assert svg.isolated("שלום") == "\u2068שלום\u2069"

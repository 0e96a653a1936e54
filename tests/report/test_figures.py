"""Figures that register themselves, also those of users."""

import doctest

import pytest
from selenium.webdriver.common.by import By

from tfrwc.report import figures, page
from tfrwc.report.canvas import subplots

TEMPLATE = """{% extends "base.html.jinja" %}
{% import "parts.html.jinja" as parts %}
{% block title %}Cakes{% endblock %}
{% block content %}
<h2>Baked</h2>
{{ parts.show(figures.take("baked")) }}
<p id="text">That is all.</p>
{% endblock %}
"""


def line(results):
    figure, axis = subplots(6, 3)
    axis.plot(results["sizes"])
    return figure


@pytest.fixture
def study():
    """A study with a figure in a section, several of items, and one in no section."""
    figures.register(
        "cakes",
        "sizes",
        caption=lambda results: f"The largest is {max(results['sizes'])} & round.",
        alt="Sizes of cakes",
        section="baked",
    )(line)
    figures.register(
        "cakes",
        "of_{item}",
        caption=lambda results, item: f"Those with {item}.",
        alt=lambda results, item: f"Cakes with {item}",
        section="baked",
    )(lambda results: {item: line(results) for item in ("plums", "nuts")})
    figures.register("cakes", "nothing", caption="", alt="", section="baked")(
        lambda results: None
    )
    figures.register("cakes", "mine", caption="My own.", alt="A line")(line)
    yield "cakes"
    for name in ("sizes", "of_{item}", "nothing", "mine"):
        figures.unregister("cakes", name)


def test_the_example_runs():
    """A user's figure on the page of a study, as the documentation shows it."""
    tested = doctest.testmod(figures)
    assert tested.attempted >= 8
    assert tested.failed == 0


def test_figures_are_drawn_in_their_order_with_their_texts(study):
    drawn = figures.draw(study, {"sizes": [1, 3]})
    assert [(one.name, one.alt, one.caption) for one in drawn] == [
        ("sizes", "Sizes of cakes", "The largest is 3 & round."),
        ("of_plums", "Cakes with plums", "Those with plums."),
        ("of_nuts", "Cakes with nuts", "Those with nuts."),
        ("mine", "A line", "My own."),
    ]
    assert [one.item for one in drawn] == [None, "plums", "nuts", None]


def test_a_name_is_taken_once(study):
    with pytest.raises(ValueError, match="already a figure 'sizes'"):
        figures.register(study, "sizes", caption="", alt="")(line)
    with pytest.raises(ValueError, match=r"no figure 'size'\. Choose from: sizes"):
        figures.unregister(study, "size")


def test_each_picture_has_its_texts_on_the_page(study, browser, tmp_path):
    (tmp_path / "cakes.html.jinja").write_text(TEMPLATE)
    drawings = figures.draw(study, {"sizes": [1, 3]})
    path = page.write_page(tmp_path / "cakes.html.jinja", drawings, tmp_path / "out")
    names = sorted(file.name for file in (tmp_path / "out" / "figures").iterdir())
    assert names == ["mine.png", "of_nuts.png", "of_plums.png", "sizes.png"]
    browser.get(f"file://{path}")
    assert browser.title == "Cakes"
    shown = [
        (
            one.find_element(By.TAG_NAME, "img").get_attribute("alt"),
            one.find_element(By.TAG_NAME, "figcaption").text,
        )
        for one in browser.find_elements(By.TAG_NAME, "figure")
    ]
    assert shown == [(drawing.alt, drawing.caption) for drawing in drawings]
    # What names no section comes last.
    text = browser.find_element(By.TAG_NAME, "body").text
    assert text.index("That is all.") < text.index("More figures")
    assert text.index("More figures") < text.index("My own.")
    assert browser.get_log("browser") == []

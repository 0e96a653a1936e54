"""Displays: their data, their convention, and what is drawn."""

import re
from itertools import combinations, pairwise

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from answers.made import made
from answers.networks import ODD_NAMES, STILL, STOPPED, UNSEEN, network
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from tfrwc.answers.heat_map import heat_map as notebook_map
from tfrwc.answers.page.heat_map import heat_map as page_map
from tfrwc.answers.plot import Pictures, TrendsDisplay
from tfrwc.answers.view import view_of
from tfrwc.dynamics import compare

DRAW = {
    "heat_map": lambda pictures, ax=None: pictures.heat_map(ax=ax),
    "trends": lambda pictures, ax=None: pictures.trends(ax=ax),
    "layers": lambda pictures, ax=None: pictures.layers(
        pictures.recording.layers["path"][:4], ax=ax
    ),
    "depth": lambda pictures, ax=None: pictures.depth(ax=ax),
    "compare": lambda pictures, ax=None: pictures.compare(
        network(len(pictures.recording.layers), 12, seed=1), ax=ax
    ),
}


@pytest.fixture(autouse=True)
def closed():
    yield
    pyplot.close("all")


def image(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


@pytest.mark.parametrize("name", DRAW)
def test_displays_follow_the_convention(name):
    pictures = Pictures(network(12, 12))
    display = DRAW[name](pictures)
    assert display.ax_.figure is display.figure_
    assert display.figure_.number in pyplot.get_fignums()
    _, ax = pyplot.subplots()
    assert DRAW[name](pictures, ax).ax_ is ax
    assert display.plot(ax) is display
    assert display.ax_ is ax


@pytest.mark.parametrize("name", DRAW)
def test_a_display_says_in_few_words_what_it_is(name):
    display = DRAW[name](Pictures(network(12, 12)))
    count = 4 if name == "layers" else 12
    assert repr(display) == f"{type(display).__name__} of {count} layers"


@pytest.mark.parametrize("name", DRAW)
def test_axes_have_names_with_units(name):
    ax = DRAW[name](Pictures(network(12, 12))).ax_
    words = ax.get_xlabel() + ax.get_ylabel()
    assert any(unit in words for unit in ("epoch", "l1_ratio"))


@pytest.mark.parametrize("layers", [10, 302])
@pytest.mark.parametrize("name", DRAW)
def test_no_name_is_on_another(name, layers):
    display = DRAW[name](Pictures(network(layers, 12)))
    image(display.figure_)
    boxes = [
        label.get_window_extent()
        for label in display.ax_.get_yticklabels()
        if label.get_text()
    ]
    assert len(boxes) <= 41
    for one, other in pairwise(boxes):
        assert not one.overlaps(other), name


def test_the_heat_map_tells_zeros_and_gaps_from_little_change():
    display = Pictures(network(10, 10)).heat_map()
    painted = display.ax_.images[0].get_array()
    grey = painted[STILL, :, :3]
    assert (grey == grey[0, 0]).all(), "zeros are grey"
    assert 0.3 < grey[0, 0] < 0.8, "as the paper is not"
    assert painted[UNSEEN, 0, 3] == 0, "no value leaves the hatching"
    assert painted[UNSEEN, -1, 3] == 1
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["exactly 0", "no value"]


@pytest.mark.parametrize("decades", [0.2, 1.5, 4])
def test_numbers_of_colours_are_apart(decades):
    curves = 0.02 * 10 ** np.linspace(0, decades, 40).reshape(4, 10)
    display = Pictures(made(curves)).heat_map()
    image(display.figure_)
    bar = next(axis for axis in display.figure_.axes if axis is not display.ax_)
    boxes = [
        label.get_window_extent()
        for label in bar.get_xticklabels(which="both")
        if label.get_text()
    ]
    assert 2 <= len(boxes) <= 8
    for one, other in pairwise(boxes):
        assert not one.overlaps(other)


@pytest.mark.parametrize("layers", [8, 24])
def test_heat_maps_of_notebook_page_and_figure_have_the_same_colours(layers):
    recording = network(layers, 10, odd=False)
    summary, view = recording.summary(), view_of(recording)
    small = notebook_map(summary.curves, summary.table.sort_index())
    on_page = str(page_map(view, "a", "finding").body)
    painted = Pictures(recording).heat_map().ax_.images[0].get_array()
    hexes = [re.findall(r'fill="(#\w{6})"', svg) for svg in (small, on_page)]
    assert hexes[0] == hexes[1]
    assert len(set(hexes[0])) > 20
    # Those of the figure are not rounded to 64 colours.
    colours = np.array([to_rgb(colour) for colour in hexes[0]])
    np.testing.assert_allclose(painted[..., :3].reshape(-1, 3), colours, atol=0.03)


def test_the_heat_map_of_many_layers_shows_the_spread_of_blocks():
    display = Pictures(network(302, 12)).heat_map()
    assert len(display.rows) == 40
    assert display.values.shape == (40, 12)
    assert len(display.ax_.child_axes) == 1
    assert not Pictures(network(10, 12)).heat_map().ax_.child_axes


def test_trends_differ_in_more_than_colour():
    display = Pictures(network(60, 40)).trends()
    assert len(display.trends) > 2
    lines = [line for line in display.ax_.lines if line.get_linewidth() > 2]
    styles = [(line._dash_pattern, line.get_linestyle()) for line in lines]
    assert len(set(map(str, styles))) == len(lines) == len(display.trends)
    labels = {line.get_label() for line in lines}
    assert labels == {trend.title for trend in display.trends}


@pytest.mark.parametrize("odd", [True, False])
def test_numbers_of_trends_that_end_together_are_apart(odd):
    recording = network(30, 12, odd=odd)
    display = TrendsDisplay(view_of(recording), np.arange(30) % 5).plot()
    image(display.figure_)
    numbers = [text for text in display.ax_.texts if text.get_text().isdigit()]
    assert sorted(number.get_text() for number in numbers) == [*"12345"]
    for one, other in combinations(numbers, 2):
        assert not one.get_window_extent().overlaps(other.get_window_extent())


def test_zeros_are_at_the_edge_of_a_logarithmic_axis():
    recording = network(10, 10)
    display = Pictures(recording).layers(recording.layers["path"][[0, STOPPED]])
    assert display.ax_.get_yscale() == "log"
    marks = [line for line in display.ax_.lines if line.get_marker() == "v"]
    assert len(marks[0].get_xdata()) == 5
    assert "exactly 0" in [t.get_text() for t in display.ax_.get_legend().get_texts()]


def test_values_within_a_decade_are_on_a_linear_axis():
    recording = network(10, 4, odd=False)
    name = recording.layers["path"][0]
    narrow = Pictures(recording).layers([name])
    spans = np.ptp(np.log10(narrow.values))
    assert narrow.ax_.get_yscale() == ("log" if spans >= 1 else "linear")


def test_layers_that_are_not_there_are_told():
    pictures = Pictures(network(10, 4))
    with pytest.raises(ValueError, match=r"no such layer\. Did you mean .*stem"):
        pictures.layers(["stam/conv"])
    with pytest.raises(ValueError, match="2 layers have this name"):
        pictures.layers(["query/kernel"])
    with pytest.raises(ValueError, match="Received none"):
        pictures.layers([])


def test_a_layer_may_be_named_without_its_variable():
    assert Pictures(network(10, 4)).layers("head").chosen.tolist() == [9]


def test_a_comparison_of_one_run_each_says_that_it_has_no_interval():
    display = Pictures(network(10, 4)).compare(network(10, 4, seed=1))
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert texts == ["this (one run: no interval)", "other (one run: no interval)"]
    seeds = [network(10, 4, seed=i) for i in (1, 2)]
    texts = Pictures(network(10, 4)).compare(seeds).ax_.get_legend().get_texts()
    assert texts[1].get_text() == "other (2 runs, their range)"


@pytest.mark.parametrize("layers", [10, 302])
def test_a_comparison_draws_itself(layers):
    conditions = {
        name: [network(layers, 4, seed=10 * i + seed) for seed in (1, 2)]
        for i, name in enumerate(("<slow>", "fast", "faster"))
    }
    comparison = compare(conditions)
    display = comparison.plot()
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    if layers == 10:
        assert texts == [f"{name} (2 runs, their range)" for name in conditions]
    else:
        assert texts[:-1] == [f"{name} (2 runs)" for name in conditions]
        assert texts[-1] == "middle 80 % of a block's layers"
    dots = [line for line in display.ax_.lines if line.get_marker() in "osD"]
    assert len({line.get_marker() for line in dots}) == 3
    if layers == 10:
        for line, (_, part) in zip(
            dots, comparison.layers.groupby("condition", sort=False), strict=True
        ):
            np.testing.assert_allclose(line.get_xdata(), part["change"])
    assert len(display.rows) == min(layers, 40)
    assert "l1_ratio" in display.ax_.get_xlabel()
    assert "learning rate" not in display.ax_.get_xlabel()


@pytest.mark.parametrize("name", DRAW)
def test_a_single_record_is_drawn(name):
    pictures = Pictures(network(8, 1))
    assert image(DRAW[name](pictures).figure_).std() > 1


@pytest.mark.parametrize("name", ["heat_map", "trends", "depth"])
def test_nothing_but_zeros_is_drawn(name):
    recording = network(8, 3)
    for record in recording.records():
        record.values[:] = 0
    assert image(DRAW[name](Pictures(recording)).figure_).std() > 1


@pytest.mark.filterwarnings("ignore:Glyph")
def test_odd_names_are_drawn():
    recording = network(records=4, names=ODD_NAMES)
    image(Pictures(recording).heat_map().figure_)
    labels = Pictures(recording).heat_map().ax_.get_yticklabels()
    assert all(len(label.get_text()) <= 45 for label in labels)


def test_a_recording_draws_itself():
    display = network(8, 3).plot.heat_map()
    assert type(display).__name__ == "HeatMapDisplay"

"""The page as text: its order, its names, and what it leaves out."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from answers.made import BREAKS, EARLY, MOVING, made
from answers.networks import ODD_NAMES, network
from conftest import ROOT

from tfrwc import Recording
from tfrwc.answers.page import write_report
from tfrwc.answers.page.conditions import conditions
from tfrwc.answers.page.logs import logs_figures
from tfrwc.answers.page.points import LEVEL, line_of
from tfrwc.answers.scales import scale_of

VOID = {"meta", "link", "input"}


class Reader(HTMLParser):
    """Reads a page into elements, and checks that each is closed."""

    def __init__(self):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes nothing"

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def read(path):
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    assert not reader.open
    ids = [a["id"] for _, a in reader.elements if "id" in a]
    assert len(set(ids)) == len(ids)
    return reader


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    return read(write_report(network(), tmp_path_factory.mktemp("page") / "a.html"))


def test_the_answer_comes_first(single):
    sentence = network().summary().sentence
    assert single.text.index(sentence) < single.text.index("Layers that learn alike")
    assert len(single.all("main")) == 1
    targets = {a["href"][1:] for a in single.all("a")}
    assert targets <= {a.get("id") for a in single.all("section")}


def test_numbers_at_the_ends_of_lines_do_not_lie_on_each_other():
    runs = {f"run {i}": network(8, 6, seed=i, rate=0.1 / (i + 1)) for i in range(6)}
    for figure in logs_figures(conditions(runs)):
        pattern = r'<text x="[\d.]+" y="([\d.]+)" class="name">\d</text>'
        heights = sorted(map(float, re.findall(pattern, figure.body)))
        assert len(heights) in (0, 6)
        assert np.diff(heights).min(initial=11) >= 10.9
        if figure.title == "learning_rate":
            assert len(heights) == 6


def test_an_interval_that_goes_on_beyond_the_axis_ends_in_an_arrow():
    scale = scale_of([0.5, 4.0], 100, 500, log=True)
    assert line_of(scale([0.8, 2.0]), scale, 10).count("M") == 1
    beyond = line_of(scale([0.01, 90.0]), scale, 10)
    assert beyond.count("M") == 3
    places = list(map(float, re.findall(r"[MLH]([\d.]+)", beyond)))
    assert min(places) == 100
    assert max(places) == 500


def test_heat_maps_beside_each_other_have_one_scale(tmp_path):
    others = network(60, 6, seed=1, level=30)
    path = write_report(network(60, 6), tmp_path / "a.html", others)
    data = re.search(r'id="data">(.*?)</script>', path.read_text()).group(1)
    one, other = json.loads(data)["conditions"]
    assert (one["dark"], one["bright"]) == (other["dark"], other["bright"])
    assert one["high"] < other["high"]


def test_a_folder_that_is_not_there_is_told_before_any_work(tmp_path):
    without_records = Recording(network(8, 6).layers, ["l1_ratio"])
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        write_report(without_records, tmp_path / "none" / "a.html")


def test_the_title_says_which_recording_it_is(tmp_path):
    path = write_report({"runs/low.parquet": network(8, 6)}, tmp_path / "a.html")
    title = re.findall(r"<title>([^<]*)</title>", path.read_text())[0]
    assert title == "Which layers learn, when, and how much: runs/low.parquet"


def test_what_is_wrong_stands_apart_from_what_is_not(tmp_path):
    broken = made([MOVING, BREAKS, MOVING])
    page = read(write_report(broken, tmp_path / "a.html")).text
    assert page.index("What is wrong") < page.index("How the layers changed")
    sound = read(write_report(network(8, 6, odd=False), tmp_path / "b.html")).text
    assert "How the layers changed" not in sound


def test_figures_have_texts_and_marks_have_titles(single):
    figures = single.all("figure")
    assert len(figures) == len(single.all("figcaption")) == 6
    for svg in [a for a in single.all("svg") if a.get("role")]:
        title, desc = svg["aria-labelledby"].split()
        assert title.endswith("-title")
        assert desc.endswith("-desc")
    assert len(single.all("desc")) == 6
    assert len(single.all("rect")) - 20 * 30 < 10
    # A title for each cell, and more for lines and points.
    assert len(single.all("title")) > 20 * 30


def test_a_column_of_blocks_is_there_only_if_layers_have_blocks(tmp_path, single):
    flat = made([MOVING] * 3, ["a/kernel", "b/kernel", "c/kernel"])
    page = read(write_report(flat, tmp_path / "a.html"))
    words = re.compile(r"(layer )(block )?kind size change")
    assert words.search(single.text).group(2)
    assert not words.search(page.text).group(2)
    # Words are on the left, as in the rows.
    heads = [a for a in page.all("th") if a.get("scope") == "col"]
    assert [a.get("class") for a in heads] == ["text"] * 2 + [None] * 10


@pytest.mark.parametrize("records", [1, 2, 3, 8, 12])
def test_records_are_numbered_by_whole_numbers(records):
    for figure in logs_figures(conditions(network(8, records, odd=False))):
        beneath = re.findall(
            r'<text x="[\d.]+" y="156[.0]*"[^>]*>([^<]*)<', figure.body
        )
        assert len(beneath) >= min(records, 2)
        assert all(1 <= int(number) <= records for number in beneath)


def test_a_name_of_an_axis_is_apart_from_its_numbers():
    logs = {"learning_rate": np.full(6, 0.05)}
    flat = made([MOVING[:6]] * 4, logs=logs)
    (figure,) = logs_figures(conditions(flat))
    places = re.findall(r'y="([\d.]+)"[^>]*>([^<]+)</text>', figure.body)
    (name,) = [float(y) for y, text in places if text == "learning_rate"]
    others = [float(y) for y, text in places if text != "learning_rate"]
    assert min(others) - name > 13  # letters are 11 pixels high


def test_tables_have_scopes_and_captions(single):
    assert len(single.all("caption")) == len(single.all("table")) == 1
    assert {a.get("scope") for a in single.all("th")} == {"col", "row"}
    for area in [a for a in single.all("div") if "scroll" in a.get("class", "")]:
        assert area["tabindex"] == "0"
        assert area["role"] == "region"


def test_nothing_is_asked_of_a_server(single):
    for _, attributes in single.elements:
        for name in ("src", "href"):
            assert attributes.get(name, "#").startswith(("#", "data:"))


def test_logs_are_shown_only_if_they_are_there(tmp_path):
    with_logs = read(write_report(network(8, 6), tmp_path / "a.html"))
    without = read(write_report(network(8, 6, logs=False), tmp_path / "b.html"))
    assert "Loss and metrics" in with_logs.text
    assert "val_accuracy" in with_logs.text
    for word in ("Loss and metrics", "accuracy", "loss"):
        assert word not in without.text


def test_odd_names_are_escaped(tmp_path):
    path = write_report(network(records=6, names=ODD_NAMES), tmp_path / "a.html")
    page = read(path)
    assert "<script>alert(1)</script>/kernel" in page.text
    assert len(page.all("script")) == 2
    assert not page.all("b")
    assert "{{ 7*7 }}" in page.text
    assert "\u202e" not in page.text
    assert path.stat().st_size < 200_000


def test_one_run_each_has_no_interval(tmp_path):
    page = read(
        write_report(network(8, 6), tmp_path / "a.html", against=network(8, 6, seed=1))
    )
    assert "One run each: no interval" in page.text
    assert "adjusted p" not in page.text.split("Change against")[1].split("Depth")[0]


def test_one_run_against_seeds_does_not_claim_one_run_each(tmp_path):
    others = [network(8, 6, seed=i) for i in (1, 2)]
    page = read(write_report(network(8, 6), tmp_path / "a.html", against=others))
    assert "One run in a condition: no interval" in page.text
    assert "One run each" not in page.text


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    these = [network(12, 8, seed=i) for i in range(3)]
    others = [network(12, 8, seed=i + 5, tilt=0.5) for i in range(3)]
    path = tmp_path_factory.mktemp("page") / "a.html"
    return these, others, write_report(these, path, against=others)


def test_settings_within_settings_are_rows_of_their_own(tmp_path):
    rate = {"class_name": "CosineDecay", "config": {"decay_steps": 100}}
    optimizer = {"name": "adam", "learning_rate": rate, "betas": [0.9, 1 / 3]}
    run = made([MOVING], optimizer=optimizer)
    write_report(run, tmp_path / "page.html")
    terms = read(tmp_path / "page.html").text
    for row in (
        "optimizer, name adam",
        "optimizer, learning rate, class name CosineDecay",
        "optimizer, learning rate, config, decay steps 100",
        "optimizer, betas 0.9, 0.3333",
    ):
        assert row in terms
    assert "{" not in terms


def test_few_layers_in_perfect_order_are_told_without_an_interval(tmp_path):
    run = made([MOVING * 2.0**i for i in range(5)])
    write_report(run, tmp_path / "page.html")
    text = read(tmp_path / "page.html").text
    assert "ρ = +1.00, with no interval, as these few layers are in perfect" in text
    assert "nan" not in text


def test_marks_say_what_the_sentence_says(seeded):
    these, others, path = seeded
    from tfrwc.answers.difference import difference

    table = difference(these, others).table
    html = path.read_text(encoding="utf-8")
    figure = html.split('<figure id="comparison">')[1].split("</figure>")[0]
    mark = r"\(([^ (]*) to ([^,]*), adjusted p = ([^)]*)\)</title>(.*?)</g>"
    marks = re.findall(mark, figure)
    assert len(marks) == table["p_adjusted"].notna().sum()
    for low, high, p_value, drawn in marks:
        assert ("hollow" in drawn) == (float(p_value) > LEVEL)
        assert ("hollow" in drawn) == (float(low) <= 1 <= float(high))
    told = int((table["p_adjusted"] <= LEVEL).sum())
    assert 0 < told < len(marks)
    assert sum("hollow" not in drawn for *_, drawn in marks) == told


def test_seeds_are_shown_as_their_mean(seeded):
    page = read(seeded[2])
    assert "mean of 3 runs of one setting" in page.text
    assert "intervals over seeds" in page.text
    assert "no interval" not in page.text


def test_networks_that_do_not_fit_are_shown_beside_each_other(tmp_path):
    page = read(
        write_report(network(8, 6), tmp_path / "a.html", against=network(9, 6, seed=1))
    )
    assert "The layers are not compared" in page.text
    assert "does not fit" in page.text
    assert len(page.all("table")) == 2


def test_two_conditions_are_called_by_their_names(tmp_path):
    runs = {"sgd": network(8, 6), "adam": network(8, 6, seed=1, level=3, rate=0.01)}
    page = read(write_report(runs, tmp_path / "a.html"))
    assert re.search(r"layers changed more in adam: ", page.text)
    assert "other run" not in page.text


def test_a_page_says_shares_in_percent_as_its_sentence_does(tmp_path):
    run = made([MOVING, 0.02 + 0 * MOVING, EARLY])
    text = read(write_report(run, tmp_path / "a.html")).text
    assert "l0/kernel changed most, by 10 % of its magnitude" in text
    assert "l2/kernel reached the largest change, 50 % at epoch 1; the median" in text
    assert "Change is the mean over the records (0.1 is 10 % of its magnitude)" in text


def test_unknown_depths_are_said(tmp_path):
    page = read(write_report(network(8, 6, depth=False), tmp_path / "a.html"))
    assert "Whether depth matters cannot be told" in page.text
    assert "place in the network" in page.text


@pytest.mark.parametrize("records", [1, 2])
def test_few_records_make_a_page(records, tmp_path):
    read(write_report(network(8, records), tmp_path / "a.html"))


def test_three_conditions(tmp_path):
    runs = {f"rate {i}": network(50, 6, seed=i, rate=0.1**i) for i in (1, 2, 3)}
    page = read(write_report(runs, tmp_path / "a.html"))
    for name in runs:
        assert name in page.text
    assert page.text.count("no interval") >= 2


def test_no_value_at_all_makes_a_page(tmp_path):
    recording = network(6, 3, odd=False)
    for record in recording.records():
        record.values[:] = np.nan
        record.flags[:] = 2
    assert (
        "No layer has a value"
        in read(write_report(recording, tmp_path / "a.html")).text
    )


def test_nothing_but_zeros_makes_a_page(tmp_path):
    recording = network(6, 3, odd=False)
    for record in recording.records():
        record.values[:] = 0
    assert "exactly 0" in read(write_report(recording, tmp_path / "a.html")).text


def test_a_recording_writes_its_own_page(tmp_path):
    path = network(8, 3).report(tmp_path / "a.html", against=network(8, 3, seed=1))
    assert path == tmp_path / "a.html"
    assert "the other run" in read(path).text


def test_wrong_paths_are_refused(tmp_path):
    with pytest.raises(ValueError, match="local path"):
        write_report(network(8, 3), "gs://bucket/report.html")
    with pytest.raises(OSError, match="nowhere"):
        write_report(network(8, 3), tmp_path / "nowhere" / "a.html")


def light(colour):
    """Relative luminance, as WCAG has it."""
    digits = colour if len(colour) == 6 else "".join(2 * c for c in colour)
    shares = np.array([*bytes.fromhex(digits)]) / 255
    linear = np.where(
        shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4
    )
    return linear @ [0.2126, 0.7152, 0.0722]


def test_all_colours_that_texts_have_are_legible_on_their_paper():
    css = (ROOT / "tfrwc" / "answers" / "page" / "report.css").read_text()
    schemes = re.findall(r":root \{(.*?)\}", css, re.DOTALL)
    assert len(schemes) == 3  # light, dark, print
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): #(\w+)", scheme))
        for name in ("ink", "soft", "mark", "none", *(f"t{i}" for i in range(10))):
            papers = (
                ("paper", "panel") if name in ("ink", "soft", "mark") else ("paper",)
            )
            for paper in papers:
                one, other = sorted(light(colours[each]) for each in (name, paper))
                assert (other + 0.05) / (one + 0.05) >= 4.5, (name, paper, scheme[:60])

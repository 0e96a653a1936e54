"""The page of a trial, also with a figure of a user's own."""

import json

import pytest
from conftest import ROOT

from tfrwc.report import figures
from tfrwc.report.canvas import subplots
from tfrwc.studies.dynamics.page import write_report


@pytest.fixture
def users_figure():
    @figures.register("learning_dynamics", "mine", caption="My own.", alt="A line")
    def mine(results):
        figure, axis = subplots(6, 2)
        axis.plot(results["change"]["mean"][0])
        return figure

    yield mine
    figures.unregister("learning_dynamics", "mine")


def test_a_users_figure_is_on_the_page_of_the_study(users_figure, tmp_path):
    path = ROOT / "benchmarks" / "learning_dynamics_digits" / "results.json"
    page = write_report(json.loads(path.read_text()), tmp_path).read_text()
    assert page.count("<img alt=") == page.count("<figcaption>") >= 7
    assert page.index("More figures") < page.index("My own.")
    assert (tmp_path / "figures" / "mine.png").exists()

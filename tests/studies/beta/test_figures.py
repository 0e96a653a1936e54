"""Figures of a study of β: what is drawn is what was found."""

import json

import numpy as np
import pytest
from conftest import ROOT

from tfrwc.studies.beta.figures.inference import inference
from tfrwc.studies.beta.verdicts import decided


@pytest.fixture(scope="module")
def results():
    path = ROOT / "benchmarks" / "optimal_beta" / "results.json"
    return decided(json.loads(path.read_text()))


def test_the_figure_shows_the_curve_that_is_not_monotonic(results):
    figure = inference(results)
    assert len(figure.axes) == 6
    for axis, world in zip(figure.axes, results["true_decoder"], strict=False):
        line, points = axis.lines[:2]
        np.testing.assert_array_equal(line.get_ydata(), world["reference"]["log_q"])
        np.testing.assert_array_equal(line.get_xdata(), world["reference"]["beta"])
        trained = [row["log_q"] for row in world["trained"]]
        np.testing.assert_array_equal(points.get_ydata(), trained)
        low, high = axis.get_ylim()
        peak = np.argmax(line.get_ydata())
        assert 0 < peak < len(line.get_ydata()) - 1
        assert low < line.get_ydata()[-1] < line.get_ydata()[peak] < high

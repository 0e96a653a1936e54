"""Figures of a study: what is drawn is what was found."""

import numpy as np
from studies.privacy.arms_of_a_study import study

from tfrwc.studies.privacy.figures.layer_change import layer_arms, layer_change
from tfrwc.studies.privacy.figures.membership import membership
from tfrwc.studies.privacy.figures.trade_off import trade_off


def test_figures_show_the_numbers():
    results = study()
    figure = trade_off(results)
    axis = figure.axes[2]
    found = {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axis.lines
        if line.get_marker() != "None" and len(line.get_xdata())
    }
    assert {(1.0, 0.8), (8.0, 0.9), (10.0, 0.6), (1500.0, 0.9)} <= found
    [beyond] = [x for x, y in found if y == 0.93]
    assert beyond > 1500
    shown = layer_arms(results["arms"])
    assert shown[0]["name"] == "dp_sgd_inf"
    assert [a["name"] for a in shown[1:3]] == ["dp_sgd_8", "dp_sgd_1"]
    left, right = layer_change(results).axes
    lines = {line.get_label(): line for line in left.lines}
    np.testing.assert_allclose(lines["DP-SGD, epsilon 8"].get_ydata(), [0.8, 0.2])
    np.testing.assert_allclose(right.lines[0].get_ydata(), [8, 1])
    rows = membership(results).axes[0]
    assert [t.get_text() for t in rows.get_yticklabels()] == [
        arm["name"] for arm in results["arms"]
    ]

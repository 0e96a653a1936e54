"""Figures of a study: what is drawn is what was found."""

import numpy as np
import pytest
from studies.privacy.arms_of_a_study import stored, study, study_of_one_epsilon

from tfrwc._common.percent import percent
from tfrwc.privacy.statement import statement_from_dict
from tfrwc.studies.privacy.figures.arms import arm_name
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
        arm_name(arm) for arm in results["arms"]
    ]


def bars(figure):
    """Where each row's bar is: the most that any attack can reach."""
    [axis] = figure.axes
    return [
        float(line.get_xdata()[0]) for line in axis.lines if line.get_marker() == "|"
    ]


@pytest.mark.parametrize("results", [study(), stored()["training"]])
def test_bars_are_what_the_noise_allows_not_what_epsilon_does(results):
    found = bars(membership(results))
    for bar, arm in zip(found, results["arms"], strict=True):
        row = arm["membership"]["advantage"][0]
        if arm["epsilon"] == "infinity":
            assert bar == 1
            continue
        exact = statement_from_dict(arm["statement"]).attacks_on_members()
        assert bar == exact.advantage
        if arm["kind"] == "dp-sgd":
            # An earlier version stored the bound of epsilon and delta alone.
            assert bar < row["bound"] - 0.2


def test_all_images_of_a_patient_are_replaced_where_they_come_together():
    results = study()
    alone = bars(membership(results))[3]
    results["arms"][3]["membership"]["images_together"] = 4
    assert bars(membership(results))[3] > 2 * alone


def test_one_epsilon_is_drawn_as_bars_with_their_values():
    figure = trade_off(study_of_one_epsilon())
    forms = (percent, percent, "{:.3f}".format)
    for axis, form in zip(figure.axes, forms, strict=True):
        assert axis.get_xscale() == "linear"
        assert [bar.get_width() for bar in axis.patches] == [0.95, 0.9]
        written = [text.get_text() for text in axis.texts]
        assert written == [form(0.95), form(0.9)]
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert names == ["no privacy", "DP-SGD, epsilon 8"]

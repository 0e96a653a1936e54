"""What pictures show of a recording."""

import numpy as np
import pytest
from answers.networks import network

from tfrwc import Recording
from tfrwc.answers.view import records_axis, spans_decades, typical, view_of


def test_a_recording_without_records_has_no_picture():
    recording = network(3, 2)
    empty = Recording(recording.layers, ["l1_ratio"])
    with pytest.raises(ValueError, match="0 records of 3 layers"):
        view_of(empty)


def test_records_stand_at_epochs_or_steps():
    recording = network(3, 4)
    assert records_axis(recording)[1] == "epoch"
    within = Recording(recording.layers, ["l1_ratio"])
    for step in (10, 20, 30):
        within.append(step, 1, np.ones((1, 3)), np.zeros((1, 3)), {})
    x, label = records_axis(within)
    assert label == "optimizer step"
    assert x.tolist() == [10, 20, 30]
    by_hand = Recording(recording.layers, ["l1_ratio"])
    for _ in range(2):
        by_hand.append(5, 1, np.ones((1, 3)), np.zeros((1, 3)), {})
    assert records_axis(by_hand)[0].tolist() == [1, 2]


def test_infinity_is_no_value():
    recording = Recording(network(3, 1).layers, ["l1_ratio"])
    recording.append(1, 1, [[np.inf, 1, 2]], np.zeros((1, 3)), {})
    assert np.isnan(view_of(recording).values[0, 0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 0], 0), ([np.nan, np.nan], np.nan), ([0, 4], 4), ([1, 4, np.nan], 2)],
)
def test_typical_change(values, expected):
    assert typical([values]) == pytest.approx([expected], nan_ok=True)


@pytest.mark.parametrize(
    ("values", "log"),
    [([1, 10], True), ([1, 9], False), ([0, 0], False), ([], False), ([-1, 100], False),
     ([0, 1, 11], True), ([np.nan, 5], False)],
)  # fmt: skip
def test_values_that_span_decades_are_on_logarithms(values, log):
    assert spans_decades(values) is log


def test_depths_that_are_not_known_become_places():
    view = view_of(network(3, 2, depth=False))
    assert view.depth.tolist() == [0, 1, 2]
    assert "not known" in view.depth_label

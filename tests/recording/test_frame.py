"""The tidy form of a recording, whole and in parts."""

import numpy as np
import pandas as pd
import pytest
from recording.examples import make

TIDY = ["step", "epoch", "layer", "depth", "kind", "size", "measure", "value"]


def slow_frame(recording):
    """Row by row."""
    rows = []
    for measure in recording.measures:
        values = recording.values(measure)
        for i in range(len(recording)):
            for j, layer in enumerate(recording.layers.to_dict("records")):
                clock = (recording.steps[i], recording.epochs[i])
                facts = (layer["name"], layer["depth"], layer["kind"], layer["size"])
                rows.append((*clock, *facts, measure, values[i, j]))
    return pd.DataFrame(rows, columns=TIDY)


def plain(frame):
    """Without categories, of which those of parts may differ."""
    return frame.astype({"layer": object, "kind": object, "measure": object})


@pytest.mark.parametrize("records", [0, 1, 4])
def test_it_has_a_row_for_each_value(records):
    recording = make(records)
    found = recording.to_frame()
    assert list(found) == TIDY
    expected = slow_frame(recording)
    assert len(found) == len(expected)
    if records:
        pd.testing.assert_frame_equal(plain(found), plain(expected), check_dtype=False)


@pytest.mark.parametrize(("rows", "parts"), [(1, 4), (4, 4), (9, 2), (12, 2), (100, 1)])
def test_parts_are_the_whole(rows, parts):
    recording = make(4)
    found = list(recording.frames(rows))
    assert len(found) == parts
    assert all(len(part) <= max(rows, 4) for part in found)
    one = pd.concat(map(plain, found)).sort_values(["measure", "step", "depth"])
    expected = plain(recording.to_frame()).sort_values(["measure", "step", "depth"])
    pd.testing.assert_frame_equal(
        one.reset_index(drop=True), expected.reset_index(drop=True)
    )
    assert len(recording) == 4


def test_wrong_numbers_of_rows_are_refused():
    for rows in (0, 1.5, "all"):
        with pytest.raises(ValueError, match="rows must be a whole number"):
            list(make().frames(rows))
    assert list(make(0).frames()) == []


def test_a_row_takes_little_memory():
    recording = make(4)
    for i in range(5, 2000):
        recording.append(10 * i, i, np.ones((2, 2)), np.zeros((2, 2)), {})
    frame = recording.to_frame()
    assert frame.memory_usage(deep=True).sum() / len(frame) < 42

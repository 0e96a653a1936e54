"""Recordings in memory."""

import numpy as np
import pytest
from recording.examples import make

from tfrwc.recording import Flag


def test_shapes_and_types():
    recording = make()
    assert recording.values("cosine").dtype == np.float32
    assert recording.values("cosine").shape == (4, 2)
    assert recording.flags("cosine")[0].tolist() == [0, Flag.ZERO_DENOMINATOR]
    assert list(recording.logs) == ["loss", "val_loss"]
    assert "4 records, 2 tensors" in repr(recording)


def test_tidy_frame():
    frame = make().to_frame()
    assert list(frame) == [
        "step",
        "epoch",
        "layer",
        "depth",
        "kind",
        "size",
        "measure",
        "value",
    ]
    assert len(frame) == 4 * 2 * 2
    row = frame.query("step == 20 and layer == 'b/kernel' and measure == 'cosine'")
    assert row["value"].item() == make().values("cosine")[1, 1]
    assert row["kind"].item() == "Dense"


def test_an_unknown_measure_lists_what_there_is():
    with pytest.raises(ValueError, match=r"'l2_ratio' was not recorded.*l1_ratio, cos"):
        make().values("l2_ratio")


def test_values_per_learning_rate():
    recording = make()
    with pytest.raises(ValueError, match=r"no learning rate.*'loss', 'val_loss'"):
        recording.per_learning_rate()
    for (*_, logs), rate in zip(recording.records(), [0.5, 0, 0.25, 0.1], strict=True):
        logs["learning_rate"] = rate
    values, found = recording.values(), recording.per_learning_rate()
    assert np.isnan(found[1]).all()
    np.testing.assert_allclose(found[0], values[0] * 2)
    np.testing.assert_allclose(found[2], values[2] * 4)
    with pytest.raises(ValueError, match="square of the learning rate"):
        recording.per_learning_rate("cosine")
    with pytest.raises(ValueError, match="was not recorded"):
        recording.per_learning_rate("l2_ratio")

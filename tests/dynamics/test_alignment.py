"""Which recordings can be compared."""

import numpy as np
import pytest
from dynamics.recordings import SHAPES, recording

from tfrwc.dynamics import compare


@pytest.mark.parametrize(
    ("row", "shape"),
    [
        (0, (5, 5, 1, 8)),
        (0, (3, 3, 1, 16)),
        (1, (3, 3, 4, 8)),
        (4, (3, 3, 8, 16)),
        (8, (16, 10)),
        (8, (8, 10, 1)),
    ],
)
def test_the_first_layer_that_does_not_fit_is_named(row, shape):
    shapes = list(SHAPES)
    shapes[row] = shape
    other = recording(np.ones(9), shapes)
    with pytest.raises(ValueError, match=rf"Layer {row} does not fit: l{row}/kernel"):
        compare({"a": [recording(np.ones(9))], "b": [other]})


def test_networks_of_other_lengths_do_not_fit():
    short = recording(np.ones(8), SHAPES[:8])
    with pytest.raises(ValueError, match="l8/kernel .* in 'a', nothing in 'b'"):  # noqa: RUF043
        compare({"a": [recording(np.ones(9))], "b": [short]})
    with pytest.raises(ValueError, match="Layer 8 does not fit: nothing in 'b'"):
        compare({"b": [short], "a": [recording(np.ones(9))]})


def test_what_cannot_be_compared():
    one = recording(np.ones(9))
    with pytest.raises(TypeError, match="takes a dict"):
        compare([one, one])
    with pytest.raises(ValueError, match="2 or more conditions"):
        compare({"a": [one]})
    with pytest.raises(TypeError, match="'b'"):
        compare({"a": [one], "b": ["run.parquet"]})
    with pytest.raises(ValueError, match="'b'"):
        compare({"a": [one], "b": []})
    with pytest.raises(ValueError, match="baseline must be one of"):
        compare({"a": [one], "b": [one]}, baseline="c")
    with pytest.raises(ValueError, match="equal numbers"):
        compare({"a": [one], "b": [one, one]}, paired=True)
    with pytest.raises(ValueError, match="has no records"):
        compare({"a": [one], "b": [recording(np.ones(9), records=0)]})
    every = [recording(np.ones(9), every=e) for e in ("Epochs()", "Steps(5)")]
    with pytest.raises(ValueError, match="one 'every'"):
        compare({"a": every[:1], "b": every[1:]})

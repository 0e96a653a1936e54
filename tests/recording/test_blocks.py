"""Sums over arrays in memory."""

from functools import partial

import numpy as np
import pytest

from tfrwc.recording import blocks
from tfrwc.recording.measures import REGISTRY, lookup

EXTREMES = (0.0, 1.0, 1e-45, 1e29, 1e38, 3.4028235e38, np.inf, np.nan)


@pytest.mark.parametrize("names", [["l1_ratio"], list(REGISTRY)])
@pytest.mark.parametrize("old", EXTREMES)
@pytest.mark.parametrize("new", EXTREMES)
@pytest.mark.parametrize("sign", [1, -1])
def test_no_weights_raise_a_floating_point_error(names, old, new, sign):
    before = np.array([1.0, old, old], np.float32)
    now = np.array([2.0, sign * new, new], np.float32)
    with np.errstate(all="ignore"):
        expected = np.abs(now - before).sum()
    if names == ["l1_ratio"]:
        compare = blocks.RenewedL1(before)
    else:
        comparison = blocks.Comparison(lookup(names), renew=True, size=3)
        compare = partial(comparison, before)
    with np.errstate(all="raise"):
        change, *_ = compare(now)
    assert np.isfinite(change) == np.isfinite(expected)
    np.testing.assert_array_equal(before, now)


def test_an_interrupted_comparison_leaves_weights_and_right_sums(monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK", 3)
    before = np.array([1.0, -2.0, 4.0, 1.0], np.float32)
    now = np.array([3.0, -2.0, 4.0, 2.0], np.float32)
    compare = blocks.RenewedL1(before)
    assert compare(before.copy()) == [0, 8]

    def interrupted(vector):
        if vector.size > 1 and vector[1] == 0:  # where the weight does not change
            raise KeyboardInterrupt
        return np.abs(vector).sum()

    with monkeypatch.context() as patch:
        patch.setattr(compare, "_magnitude", interrupted)
        with pytest.raises(KeyboardInterrupt):
            compare(now)
    np.testing.assert_array_equal(before, [3, -2, 4, 1])
    assert compare(now) == [1, 10]
    assert compare(now) == [0, 11]

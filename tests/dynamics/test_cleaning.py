"""Cleaning of curves."""

import numpy as np

from tfrwc.dynamics import cleaning


def test_published_cleaning_by_hand():
    # Seven values, one infinite: it becomes 21 / 7 = 3, since the count is of all.
    row = [1.0, 2, 3, 4, 5, 6, np.inf]
    assert cleaning.published([row])[0].tolist() == [1, 2, 3, 4, 5, 6, 3]
    # One pass: mean and population deviation, with the outlier in both.
    row = np.array([0.0] * 9 + [10.0])
    assert row.std() == 3
    assert cleaning.published([row])[0].tolist() == [0] * 9 + [1]


def test_monotonic_curves_pass_the_robust_cleaning_unaltered():
    curves = np.array([np.geomspace(3, 1e-3, 12), np.geomspace(1e-4, 1, 12)])
    logs, usable = cleaning.robust(curves)
    np.testing.assert_allclose(logs, np.log10(curves))
    assert usable.all()


def test_spikes_and_gaps_are_mended():
    smooth = np.geomspace(1, 0.01, 15)
    broken = smooth.copy()
    broken[7] *= 50
    broken[3] = np.nan
    broken[11] = 0
    logs, usable = cleaning.robust([broken])
    assert usable.all()
    np.testing.assert_allclose(logs[0], np.log10(smooth), atol=1e-9)

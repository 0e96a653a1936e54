"""Values for the script of a page: right to three digits, zeros and gaps exact."""

import base64

import numpy as np
import pytest
from answers.networks import STILL, STOPPED, UNSEEN, network

from tfrwc.answers.folding import columns, rows
from tfrwc.answers.page import packed as module
from tfrwc.answers.paints import paints_of
from tfrwc.answers.view import view_of


def unpacked(one):
    """What the script of the page reads."""
    codes = np.frombuffer(base64.b64decode(one["values"]), "<u2").astype(float)
    share = (codes - 2) / 65533
    low, high = one["low"], one["high"]
    values = low * (high / low) ** share if one["log"] else low + (high - low) * share
    values = np.where(codes == 0, np.nan, values)
    if one["log"]:
        values[codes == 1] = 0
    return values.reshape(len(one["names"]), len(one["labels"]))


def packed(view):
    return module.packed([view], [paints_of([view], rows(view, columns(view, 100)))])[0]


def test_values_are_right_to_three_digits():
    view = view_of(network(30, 40))
    values = unpacked(packed(view))
    np.testing.assert_allclose(values, view.values, rtol=5e-4)
    assert (values[STILL] == 0).all()
    assert (values[STOPPED, 20:] == 0).all()
    assert np.isnan(values[UNSEEN, :8]).all()


def test_of_too_many_records_columns_are_medians(monkeypatch):
    monkeypatch.setattr(module, "VALUES", 30 * 10)
    view = view_of(network(30, 40))
    one = packed(view)
    assert one["widest"] == 4
    expected = np.median(view.values[0].reshape(10, 4), axis=1)
    assert unpacked(one)[0] == pytest.approx(expected, rel=5e-4)

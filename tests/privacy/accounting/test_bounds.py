"""Bounds on membership attacks, against the curve that they are of."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from tfrwc.privacy.accounting import bounds


@settings(deadline=None)
@given(st.floats(0, 20), st.floats(0, 0.5))
def test_bounds_are_of_one_curve(epsilon, delta):
    fpr = np.linspace(0, 1, 2_001)
    tpr = bounds.tpr_bound(fpr, epsilon, delta)
    advantage = bounds.advantage_bound(epsilon, delta)
    assert advantage == pytest.approx((tpr - fpr).max(), abs=1e-3)
    formula = (math.exp(epsilon) - 1 + 2 * delta) / (math.exp(epsilon) + 1)
    assert advantage == pytest.approx(formula)
    area = np.sum((tpr[1:] + tpr[:-1]) / 2 * np.diff(fpr))
    assert bounds.auc_bound(epsilon, delta) == pytest.approx(area, abs=1e-3)
    assert (tpr >= fpr - 1e-12).all()
    assert tpr == pytest.approx([min(1, t) for t in tpr])


def test_bounds_by_hand():
    assert bounds.tpr_bound(0.01, math.log(2), 0.001) == pytest.approx(0.021)
    assert bounds.tpr_bound(0.9, math.log(2), 0.0) == pytest.approx(0.95)
    assert bounds.advantage_bound(0.0) == 0
    assert bounds.auc_bound(0.0) == 0.5
    curve = quad(lambda f: bounds.tpr_bound(f, 1.0, 0.1), 0, 1, points=[0.25, 0.9])[0]
    assert bounds.auc_bound(1.0, 0.1) == pytest.approx(curve, abs=1e-6)
    for bound in (bounds.advantage_bound(5000.0), bounds.auc_bound(5000.0)):
        assert bound == 1


@given(st.floats(0.01, 3), st.floats(1e-9, 1e-3), st.integers(1, 8))
def test_a_group_is_a_chain_of_single_changes(epsilon, delta, size):
    together = 0.0
    for _ in range(size):
        together = math.exp(epsilon) * together + delta
    got = bounds.group_guarantee(epsilon, delta, size)
    assert got == pytest.approx((size * epsilon, min(1, together)))


def test_a_group_that_nothing_protects():
    assert bounds.group_guarantee(10.0, 1e-5, 100) == (1000.0, 1.0)
    assert bounds.group_guarantee(10.0, 0.0, 100) == (1000.0, 0.0)

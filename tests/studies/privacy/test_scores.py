"""Scores of two classes, and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from tfrwc.studies.privacy.scores import MEASURES, majority, scores, with_intervals


def by_hand():
    p = np.array([0.9, 0.4, 0.6, 0.2, 0.5, 0.6])
    y = np.array([1, 1, 0, 0, 0, 1])
    return p, y


def test_scores_by_hand():
    found = scores(*by_hand())
    # Called 1: 0.9 (right), 0.6 (wrong), 0.6 (right); 0.5 is not above 0.5.
    assert found["sensitivity"] == pytest.approx(2 / 3)
    assert found["specificity"] == pytest.approx(2 / 3)
    assert found["accuracy"] == pytest.approx(4 / 6)
    # Pairs of 9: 3 won by 0.9; 0.4 beats 0.2; 0.6 beats 0.2 and 0.5 and ties with 0.6.
    assert found["auc"] == pytest.approx((3 + 1 + 2.5) / 9)


@given(st.data())
def test_scores_are_those_of_scikit_learn(data):
    n = data.draw(st.integers(2, 30))
    y = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)))
    y[:2] = 0, 1
    # Few values, so that there are ties.
    p = np.array(data.draw(st.lists(st.integers(0, 8), min_size=n, max_size=n))) / 8
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weights[:2] += 1
    found = scores(p, y, weights)
    called = (p > 0.5).astype(int)
    kwargs = {"sample_weight": weights}
    expected = {
        "accuracy": metrics.accuracy_score(y, called, **kwargs),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, called, **kwargs),
        "auc": metrics.roc_auc_score(y, p, **kwargs),
        "sensitivity": metrics.recall_score(y, called, **kwargs),
        "specificity": metrics.recall_score(y, called, pos_label=0, **kwargs),
    }
    for measure in MEASURES:
        assert found[measure] == pytest.approx(expected[measure]), measure


def test_several_weights_at_once_are_one_after_the_other():
    p, y = by_hand()
    weights = np.random.default_rng(0).integers(1, 4, (2, 5, 6))
    found = scores(p, y, weights)
    for i, j in np.ndindex(2, 5):
        one = scores(p, y, weights[i, j])
        for measure in MEASURES:
            assert found[measure].shape == (2, 5)
            assert found[measure][i, j] == pytest.approx(one[measure])


def test_a_class_that_is_missing_has_no_score():
    found = scores([0.2, 0.9], [0, 0])
    assert np.isnan(found["sensitivity"])
    assert np.isnan(found["auc"])
    assert found["accuracy"] == found["specificity"] == 0.5


def test_intervals_hold_the_truth_as_often_as_they_say():
    """A classifier that is right on 80 %; of 200 test sets 95 % are to hold that.

    Fewer than 180 of 200 has a chance below 0.1 %.
    """
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        y = rng.integers(0, 2, 150)
        right = rng.random((1, 150)) < 0.8
        found = with_intervals(np.where(right, y, 1 - y), y)["accuracy"]
        assert found["value"] == pytest.approx(right.mean())
        held += found["low"] <= 0.8 <= found["high"]
    assert 180 <= held < 200


def test_seeds_that_differ_widen_the_interval():
    y = np.arange(400) % 2
    rng = np.random.default_rng(0)

    def width(rates):
        right = rng.random((len(rates), 400)) < np.array(rates)[:, None]
        found = with_intervals(np.where(right, y, 1 - y), y)["accuracy"]
        assert len(found["per_seed"]) == len(rates)
        assert found["value"] == pytest.approx(np.mean(found["per_seed"]))
        return found["high"] - found["low"]

    assert width([0.6, 0.8, 0.95]) > 2 * width([0.8, 0.8, 0.8])


def test_majority():
    assert majority([1, 1, 0, 1]) == majority([0, 1, 0, 0]) == 0.75

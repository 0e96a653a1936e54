"""The membership game, against plain oracles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tfrwc.privacy.attack.membership import game


def auc_by_loops(inside, outside):
    pairs = [(a > b) + (a == b) / 2 for a in inside for b in outside]
    return sum(pairs) / len(pairs)


scores = st.lists(st.integers(-3, 3), min_size=1, max_size=12).map(np.array)


@given(scores, scores)
def test_auc_counts_pairs(inside, outside):
    assert game.auc(inside, outside) == pytest.approx(auc_by_loops(inside, outside))


@given(scores, scores)
def test_the_best_threshold_has_the_greatest_advantage(inside, outside):
    def advantage(t):
        return (inside >= t).mean() - (outside >= t).mean()

    best = max(advantage(t) for t in np.arange(-4, 5) + 0.5)
    assert advantage(game.best_threshold(inside, outside)) == pytest.approx(best)


@given(st.integers(2, 30), st.floats(0.05, 0.5), st.integers(0, 2**32))
def test_tpr_at_a_rate_is_the_curve_between_its_points(n, rate, seed):
    rng = np.random.default_rng(seed)
    inside, outside = rng.normal(size=7), np.sort(rng.normal(size=n))[::-1]
    got = game.tpr_at(inside, outside, rate)
    if rate * (n + 1) < 1 - 1e-9:
        assert math.isnan(got)
    else:
        points = [(inside > t).mean() for t in outside]
        rates = np.arange(1, n + 1) / (n + 1)
        assert got == pytest.approx(np.interp(rate, rates, points), abs=1e-6)


def test_the_game_by_hand():
    """One repeat of a logistic attack, put together from scikit-learn's parts."""
    rng = np.random.default_rng(0)
    member = np.arange(260) < 130
    signal = rng.normal(size=(260, 2)) + member[:, None] * [0.8, -0.5]
    clusters = np.arange(260)
    got, held_out = game.play(signal, member, clusters, 1, np.random.default_rng(1))
    half = game.halves(clusters, member, np.random.default_rng(1))
    assert half[member].sum() == half[~member].sum() == 65
    for i, learn in enumerate((half, ~half)):
        logistic = LogisticRegression(solver="newton-cholesky")
        model = make_pipeline(StandardScaler(), logistic)
        score = model.fit(signal[learn], member[learn]).decision_function(signal)
        test = ~learn
        assert held_out[test] == pytest.approx(score[test])
        auc = roc_auc_score(member[test], score[test])
        assert got[0, i, 0] == pytest.approx(auc)
        fpr, tpr, thresholds = roc_curve(
            member[learn], score[learn], drop_intermediate=False
        )
        # Of thresholds that are as good the lowest, halfway to the next score.
        best = np.flatnonzero(np.isclose(tpr - fpr, (tpr - fpr).max()))[-1]
        called = score[test] >= thresholds[best : best + 2].mean()
        right = called[member[test]].mean() - called[~member[test]].mean()
        assert got[0, i, 1] == pytest.approx(right)


@given(
    st.lists(st.integers(0, 5), min_size=2, max_size=20),
    st.lists(st.integers(6, 11), min_size=2, max_size=20),
    st.integers(0, 2**32),
)
def test_halves_never_cut_a_patient(inside, outside, seed):
    clusters = np.array(inside + outside)
    member = np.arange(len(clusters)) < len(inside)
    half = game.halves(clusters, member, np.random.default_rng(seed))
    for side in (member, ~member):
        chosen, rest = set(clusters[side & half]), set(clusters[side & ~half])
        assert not chosen & rest
        assert 0 <= len(rest) - len(chosen) <= 1

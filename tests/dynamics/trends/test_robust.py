"""Preset `robust`."""

import numpy as np
import pytest
from dynamics.curves import planted
from sklearn.metrics import adjusted_rand_score

from tfrwc.dynamics import TrendClusterer, cleaning


def test_layers_without_values_are_in_no_trend():
    curves, _ = planted(30)
    curves[4] = 0
    curves[5] = np.nan
    fitted = TrendClusterer().fit(curves)
    assert fitted.labels_[[4, 5]].tolist() == [-1, -1]
    assert np.isnan(fitted.embedding_[[4, 5]]).all()


@pytest.mark.parametrize("seed", range(5))
def test_robust_finds_planted_trends(seed):
    curves, truth = planted(200, seed=seed)
    fitted = TrendClusterer(random_state=seed).fit(curves)
    assert fitted.n_clusters_ == 3
    assert adjusted_rand_score(truth, fitted.labels_) >= 0.95
    assert fitted.stability_ > 0.95


def test_robust_sees_one_trend_where_there_is_one():
    rng = np.random.default_rng(0)
    curves = 10 ** (
        -2 * np.linspace(0, 1, 30)
        + rng.uniform(-2, 0, (80, 1))
        + rng.normal(0, 0.1, (80, 30))
    )
    assert TrendClusterer().fit(curves).n_clusters_ == 1


def test_noise_is_no_trend():
    curves = 10 ** np.random.default_rng(0).normal(size=(60, 30))
    fitted = TrendClusterer().fit(curves)
    assert (fitted.labels_ == -1).mean() > 0.9
    assert fitted.centers_.shape == (fitted.n_clusters_, 30)


def test_center_is_the_median_curve_of_the_trend():
    curves, _ = planted(90, spikes=0)
    fitted = TrendClusterer().fit(curves)
    logs, _ = cleaning.robust(curves)
    for k in range(fitted.n_clusters_):
        expected = np.median(10 ** logs[fitted.labels_ == k], axis=0)
        np.testing.assert_allclose(fitted.centers_[k], expected)
    assert (np.diff(fitted.centers_.mean(axis=1)) <= 0).all()

"""Grouping the layers' curves: cleaning, the published pipeline, the robust one."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score

from tfrwc.dynamics import TrendClusterer, cleaning


def planted(layers=60, records=40, spikes=0.02, strays=0.0, seed=0):
    """Three shapes over two decades of level, with noise and spikes."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, records)
    shapes = np.array([-2 * t, -2 * (1 - t), -2 * (2 * t - 1) ** 2])
    truth = rng.integers(3, size=layers)
    logs = shapes[truth] + rng.uniform(-2, 0, (layers, 1))
    logs += 0.05 * rng.normal(size=logs.shape)
    stray = rng.random(layers) < strays
    logs[stray] = rng.normal(size=(stray.sum(), records))
    logs += (rng.random(logs.shape) < spikes) * rng.choice([-1.5, 1.5], logs.shape)
    return 10**logs, np.where(stray, -1, truth)


# The published pipeline.


def step_by_step(curves, k, seed=0):
    """rwc.md's seven steps written out with loops."""
    rows = []
    for curve in curves[1:-1]:
        curve = curve.copy()
        finite = [v for v in curve if np.isfinite(v)]
        for i, v in enumerate(curve):
            if not np.isfinite(v):
                curve[i] = sum(finite) / len(curve)
        mean, deviation = curve.mean(), curve.std()
        rows.append([mean if abs(v - mean) > 2 * deviation else v for v in curve])
    x = np.array(rows)
    components = PCA(2).fit_transform(x)
    return x, components


def test_published_cleaning_by_hand():
    # Seven values, one infinite: it becomes 21 / 7 = 3, since the count is of all.
    row = [1.0, 2, 3, 4, 5, 6, np.inf]
    assert cleaning.published([row])[0].tolist() == [1, 2, 3, 4, 5, 6, 3]
    # One pass: mean and population deviation, with the outlier in both.
    row = np.array([0.0] * 9 + [10.0])
    assert row.std() == 3
    assert cleaning.published([row])[0].tolist() == [0] * 9 + [1]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_weightscale_follows_the_steps(seed):
    rng = np.random.default_rng(seed)
    curves = planted(37, 25, seed=seed)[0]
    curves[rng.random(curves.shape) < 0.03] = np.inf
    fitted = TrendClusterer(preset="weightscale", random_state=seed).fit(curves)
    x, components = step_by_step(curves, fitted.n_clusters_)
    scan = fitted.scan_.set_index("k")
    assert scan.index.tolist() == list(range(1, 18))
    for space, column in ((x, "inertia_raw"), (components, "inertia_embedding")):
        total = ((space - space.mean(0)) ** 2).sum()
        assert scan.loc[1, column] == pytest.approx(total, rel=1e-9)
        for k in (2, fitted.n_clusters_, 17):
            start = KMeans(k, n_init=10, max_iter=300, random_state=seed)
            assert scan.loc[k, column] == pytest.approx(start.fit(space).inertia_)
    assert fitted.inertia_ == pytest.approx(scan.loc[fitted.n_clusters_, "inertia_raw"])
    assert fitted.labels_[[0, -1]].tolist() == [-1, -1]
    assert (fitted.labels_[1:-1] >= 0).all()
    for k in range(fitted.n_clusters_):
        members = x[fitted.labels_[1:-1] == k]
        np.testing.assert_allclose(fitted.centers_[k], members.mean(axis=0))
    ratio = PCA(2).fit(x).explained_variance_ratio_
    np.testing.assert_allclose(fitted.explained_variance_ratio_, ratio)


def test_weightscale_with_a_given_number_of_clusters():
    curves = planted(37, 25)[0]
    fitted = TrendClusterer(5, "weightscale").fit(curves)
    assert fitted.n_clusters_ == 5
    assert len(fitted.centers_) == 5


@pytest.mark.parametrize("groups", [3, 4, 5])
def test_the_elbow_is_the_number_of_separate_groups(groups):
    rng = np.random.default_rng(groups)
    corners = 10 * rng.permutation(np.eye(6))[:groups]
    curves = (
        20 + np.repeat(corners, 10, axis=0) + 0.1 * rng.normal(size=(10 * groups, 6))
    )
    curves = np.vstack([curves[:1], curves, curves[:1]])
    fitted = TrendClusterer(preset="weightscale").fit(curves)
    # In two of the groups - 1 components that the groups span, corners fall
    # together in part, so the elbow can lie below their number but not above.
    assert 2 <= fitted.n_clusters_ <= groups
    if groups == 3:
        assert fitted.n_clusters_ == 3


# The robust pipeline.


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


# The estimator.


@pytest.mark.parametrize("preset", ["robust", "weightscale"])
def test_results_depend_only_on_the_seed(preset):
    curves, _ = planted(50)
    first = TrendClusterer(preset=preset, random_state=3).fit(curves)
    second = clone(first).fit(curves)
    np.testing.assert_array_equal(first.labels_, second.labels_)
    assert first.stability_ == second.stability_
    assert first.scan_.equals(second.scan_)


@pytest.mark.parametrize("preset", ["robust", "weightscale"])
@pytest.mark.parametrize("shape", [(5, 3), (8, 2), (4, 30)])
def test_small_inputs(preset, shape):
    curves = np.random.default_rng(0).uniform(0.1, 1, shape)
    fitted = TrendClusterer(preset=preset).fit(curves)
    assert len(fitted.labels_) == shape[0]
    assert fitted.centers_.shape == (fitted.n_clusters_, shape[1])
    assert fitted.scan_["k"].max() <= shape[0]


@pytest.mark.parametrize("preset", ["robust", "weightscale"])
def test_equal_curves_are_one_trend(preset):
    fitted = TrendClusterer(preset=preset).fit(
        np.tile(np.geomspace(1, 0.1, 9), (12, 1))
    )
    assert fitted.n_clusters_ == 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"preset": "best"}, r"one of \('robust', 'weightscale'\).*'best'"),
        ({"n_clusters": "many"}, "'auto' or a whole number from 1 to 20.*'many'"),
        ({"n_clusters": 0}, "Received: 0"),
        ({"n_clusters": 21}, "from 1 to 20"),
    ],
)
def test_wrong_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        TrendClusterer(**settings).fit(planted(20)[0])


def test_too_few_layers():
    with pytest.raises(ValueError, match="2 or more layers"):
        TrendClusterer(preset="weightscale").fit(np.ones((3, 10)))
    for preset in ("robust", "weightscale"):
        with pytest.raises(ValueError, match="nothing but zeros"):
            TrendClusterer(preset=preset).fit(np.zeros((5, 10)))
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        TrendClusterer().fit(np.ones((5, 1)))


def test_random_state_may_be_a_generator():
    curves, _ = planted(40)
    fitted = TrendClusterer(random_state=np.random.RandomState(0)).fit(curves)
    assert fitted.n_clusters_ == 3


def test_attributes_are_plain_enough_for_json():
    fitted = TrendClusterer().fit(planted(30)[0])
    json.dumps([fitted.inertia_, fitted.stability_, fitted.n_clusters_])

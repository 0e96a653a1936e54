"""The published pipeline, preset `weightscale`."""

import numpy as np
import pytest
from dynamics.curves import planted
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from tfrwc.dynamics import TrendClusterer


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

"""Trends updated record by record."""

import numpy as np
import pytest
from dynamics.curves import planted
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from tfrwc.dynamics import OnlineTrends, TrendClusterer, cleaning


def followed(curves, **settings):
    """One by one at first, then five by five, which is quicker."""
    trends = OnlineTrends(**settings)
    for values in curves.T[:10]:
        trends.partial_fit(values)
    for first in range(10, curves.shape[1], 5):
        trends.partial_fit(curves[:, first : first + 5])
    return trends


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("records", [40, 150])
def test_in_the_end_it_agrees_with_the_offline_trends(seed, records):
    """On planted trends; with 150 records, bins were merged twice."""
    curves, truth = planted(60, records, seed=seed)
    online = followed(curves, random_state=seed)
    offline = TrendClusterer(random_state=seed).fit(curves)
    assert online.n_clusters_ == 3
    assert adjusted_rand_score(truth, online.labels_) >= 0.95
    assert adjusted_rand_score(offline.labels_, online.labels_) >= 0.95


def test_layers_that_follow_no_trend_are_in_none():
    curves, truth = planted(120, 60, strays=0.2, seed=1)
    labels = followed(curves).labels_
    assert (labels[truth == -1] == -1).mean() > 0.8
    assert (labels[truth >= 0] >= 0).mean() > 0.95


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 70), st.integers(0, 1000))
def test_bins_hold_the_mean_logarithms(records, seed):
    """A loop over the records is the oracle; 8 bins, halved up to four times."""
    rng = np.random.default_rng(seed)
    # Too even for any spike, so that halving drops none.
    logs = np.cumsum(rng.uniform(0.05, 0.06, (3, records)), axis=1)
    known = rng.random((3, records)) < 0.8
    trends = OnlineTrends(n_clusters=1, bins=8)
    trends.partial_fit(np.where(known, 10**logs, rng.choice([0, np.nan, np.inf])))
    width = 1
    while records > 8 * width:
        width *= 2
    assert trends.n_records_ == records
    for j, first in enumerate(range(0, records, width)):
        inside = slice(first, min(first + width, records))
        numbers = np.arange(1, records + 1)[inside]
        assert trends.records_[j] == numbers.mean()
        for i in range(3):
            values = logs[i, inside][known[i, inside]]
            found = trends._curves.means()[i, j]
            assert np.isnan(found) if not len(values) else True
            if len(values):
                assert found == pytest.approx(values.mean())
    assert len(trends.records_) == -(-records // width) <= 8


def test_until_the_bins_are_full_nothing_is_lost():
    curves, _ = planted(30, 64)
    trends = followed(curves)
    np.testing.assert_allclose(trends.curves_, 10 ** cleaning.robust(curves)[0])
    for center, trend in zip(trends.centers_, trends.trends_, strict=True):
        members = trends.curves_[trends.labels_ == trend]
        np.testing.assert_allclose(center, np.median(members, axis=0))


def test_spikes_do_not_survive_the_merging_of_bins():
    smooth = np.tile(np.geomspace(1, 0.01, 32), (4, 1))
    broken = smooth.copy()
    broken[0, 9] *= 100
    found, expected = (
        OnlineTrends(1, bins=16).partial_fit(curves).curves_
        for curves in (broken, smooth)
    )
    np.testing.assert_allclose(found[0], expected[0], rtol=0.2)


def test_memory_is_bounded():
    trends = OnlineTrends(3, bins=16)
    sizes = set()
    rng = np.random.default_rng(0)
    for _ in range(50):
        trends.partial_fit(rng.uniform(0.1, 1, (20, 20)))
        held = [v for v in vars(trends).values() if isinstance(v, np.ndarray)]
        sizes.add(sum(array.nbytes for array in held) + trends._curves.nbytes)
    assert trends.n_records_ == 1000
    # Twelve bytes for a layer and bin are kept, eight are the cleaned curves.
    assert max(sizes) < 20 * 16 * (12 + 8) + 20 * 16 + 16 * 8 * 5


def test_trends_keep_their_number():
    """Which trend changes most goes round; their numbers must not."""
    t = np.linspace(0, 2 * np.pi, 60)
    rng = np.random.default_rng(0)
    shapes = np.array([np.sin(t), np.cos(t), -np.sin(t)])
    curves = 10 ** (np.repeat(shapes, 12, axis=0) + rng.normal(0, 0.05, (36, 60)))
    trends, before, kept = OnlineTrends(3), None, []
    for values in curves.T:
        trends.partial_fit(values)
        if before is not None and trends.n_records_ > 20:
            kept.append((before == trends.labels_).mean())
        before = trends.labels_
    assert min(kept) > 0.9
    assert trends.trends_.tolist() == [0, 1, 2]


def test_matching_is_by_overlap():
    from tfrwc.dynamics.online import _matched

    before = np.array([4, 4, 4, 1, 1, 1, -1, -1])
    found = np.array([0, 0, 1, 1, 1, 2, 2, -1])
    # Group 0 has most of 4, group 1 most of 1; group 2 gets the lowest free number.
    assert _matched(before, found, np.array([2, 1, 0])) == {0: 4, 1: 1, 2: 0}
    nothing = np.full(3, -1)
    assert _matched(nothing, np.array([1, 0, -1]), np.array([1, 0])) == {1: 0, 0: 1}


def test_layers_without_values_and_layers_that_come_later():
    curves, _ = planted(30, 40)
    curves[4] = 0
    curves[5] = np.nan
    trends = OnlineTrends()
    for values in curves.T[:25]:
        trends.partial_fit(values[:28])
    for values in curves.T[25:]:
        trends.partial_fit(values)
    # The last two have values in 15 of 40 records.
    assert trends.labels_[[4, 5, 28, 29]].tolist() == [-1] * 4
    assert (np.delete(trends.labels_, [4, 5, 28, 29]) >= 0).all()
    assert np.isnan(trends.curves_[[4, 5, 28, 29]]).all()


def test_records_without_any_value():
    trends = OnlineTrends()
    for values in (np.zeros(6), np.full(6, np.nan), np.full(6, np.inf)):
        trends.partial_fit(values)
        assert trends.labels_.tolist() == [-1] * 6
        assert trends.n_clusters_ == 0
    curves, _ = planted(6, 20, spikes=0)
    for values in curves.T:
        trends.partial_fit(values)
    assert (trends.labels_ >= 0).any()


def test_equal_curves_are_one_trend():
    trends = followed(np.tile(np.geomspace(1, 0.1, 30), (12, 1)))
    assert trends.labels_.tolist() == [0] * 12


def test_results_depend_only_on_the_seed():
    curves, _ = planted(40, 20)
    first = followed(curves, random_state=3)
    second = followed(curves, **clone(first).get_params())
    np.testing.assert_array_equal(first.labels_, second.labels_)
    np.testing.assert_array_equal(first.centers_, second.centers_)
    state = np.random.RandomState(0)
    assert followed(curves, random_state=state).n_clusters_ == 3


@pytest.mark.parametrize(
    ("wrong", "x", "message"),
    [
        ({"bins": 9}, np.ones(4), "bins must be even.*Received: 9"),
        ({"bins": 4}, np.ones(4), "whole number of 8 or more.*Received: 4"),
        ({"n_clusters": 0}, np.ones(4), "'auto' or a whole number of 1.*Received: 0"),
        ({"n_clusters": "many"}, np.ones(4), "'auto' or.*Received: 'many'"),
        ({}, np.ones(0), r"of 1 layer or more.*\(0, 1\)"),
        ({}, np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
    ],
)
def test_wrong_input(wrong, x, message):
    with pytest.raises(ValueError, match=message):
        OnlineTrends(**wrong).partial_fit(x)


@pytest.mark.parametrize("values", [1.0, 0.0, np.nan])
def test_a_single_layer_is_in_no_trend_until_there_are_more(values):
    trends = OnlineTrends()
    for _ in range(3):
        trends.partial_fit(np.full(1, values))
    assert trends.labels_.tolist() == [-1]
    assert trends.n_clusters_ == 0
    trends.partial_fit(np.ones((3, 8)) * np.linspace(1, 2, 8))
    assert len(trends.labels_) == 3


def test_layers_do_not_get_fewer():
    trends = OnlineTrends().partial_fit(np.ones(5))
    with pytest.raises(ValueError, match=r"5 layers or more.*\(4, 1\)"):
        trends.partial_fit(np.ones(4))

"""TrendClusterer, whatever its preset."""

import json

import numpy as np
import pytest
from dynamics.curves import planted
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from tfrwc.dynamics import TrendClusterer, one_thread
from tfrwc.dynamics.trends import published, robust


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


@pytest.mark.parametrize("preset", ["robust", "weightscale"])
def test_fits_use_one_thread(preset, monkeypatch):
    """Threads that wait for each other on a busy machine take many times as long."""
    seen = []
    # Of those that fits use; other packages of this process may have loaded more.
    used = {library["filepath"] for library in one_thread._controller().info()}

    def threads():
        return [
            lib["num_threads"] for lib in threadpool_info() if lib["filepath"] in used
        ]

    for module, name in ((robust, "find_trends"), (published, "find_trends")):
        found = getattr(module, name)

        def spied(*arguments, found=found):
            seen.extend(threads())
            return found(*arguments)

        monkeypatch.setattr(module, name, spied)
    with threadpool_limits(2):
        TrendClusterer(preset=preset).fit(planted(20)[0])
        after = threads()
    assert seen == [1] * len(seen) != []
    assert max(after) == 2

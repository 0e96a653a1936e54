"""TrendClusterer as a scikit-learn estimator: its checks, predict, bands."""

import inspect

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from tfrwc.dynamics import TrendClusterer

# Why checks cannot pass: they feed data that no relative change is like.
IMPOSSIBLE = {
    "robust": {
        "check_clustering": "feeds two records with negative values; relative change "
        "is not negative, and two records have but two shapes, rising and falling",
    },
    "weightscale": {},
}


# scikit-learn knows it from 1.8 on, which needs Python 3.11.
STRICT = (
    {"xfail_strict": True}
    if "xfail_strict" in inspect.signature(parametrize_with_checks).parameters
    else {}
)


@parametrize_with_checks(
    [TrendClusterer(), TrendClusterer(preset="weightscale")],
    expected_failed_checks=lambda estimator: IMPOSSIBLE[estimator.preset],
    **STRICT,
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def curves_of(truth, records=40, noise=0.05, seed=0):
    """Layers that rise (0), fall early (1) or fall late (2); -1 is a random walk."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, records)
    shapes = np.array([2 * t - 2, -2.0 * (t > 0.3), -2.0 * (t > 0.7)])
    logs = shapes[truth]
    walks = np.cumsum(rng.normal(size=logs.shape), axis=1)
    walks *= 0.7 / walks.std(axis=1, keepdims=True)
    logs = np.where((truth == -1)[:, None], walks, logs)
    return 10 ** (
        logs + noise * rng.normal(size=logs.shape) + rng.uniform(-2, 0, (len(logs), 1))
    )


TRUTH = np.r_[np.arange(180) % 3, np.full(10, -1)]


@pytest.mark.parametrize("seed", range(3))
def test_shapes_that_differ_only_in_when_they_fall_are_told_apart(seed):
    # The mean silhouette is larger for 2 trends, rising and falling, than for 3.
    fitted = TrendClusterer().fit(curves_of(TRUTH, seed=seed))
    assert fitted.n_clusters_ == 3
    assert adjusted_rand_score(TRUTH, fitted.labels_) > 0.95


def test_spikes_in_the_first_and_last_record_make_no_trend():
    curves = curves_of(TRUTH)
    curves[:30, 0] *= 30
    curves[20:50, -1] /= 30
    fitted = TrendClusterer().fit(curves)
    assert adjusted_rand_score(TRUTH, fitted.labels_) > 0.95


def test_gaps_in_values_records_and_layers():
    curves = curves_of(TRUTH)
    rng = np.random.default_rng(0)
    curves[rng.random(curves.shape) < 0.1] = np.nan
    curves[:, [0, 7, 8, 39]] = np.nan
    curves[5] = np.nan
    fitted = TrendClusterer().fit(curves)
    assert fitted.labels_[5] == -1
    truth = np.where(np.arange(len(TRUTH)) == 5, -1, TRUTH)
    assert adjusted_rand_score(truth, fitted.labels_) > 0.9
    assert np.isfinite(fitted.centers_).all()
    # A network recorded for half of the time only: 21 of 40 records are empty.
    curves[:, 1:40:2] = np.nan
    assert TrendClusterer().fit(curves).n_clusters_ == 3


def test_predict_places_further_layers():
    fitted = TrendClusterer().fit(curves_of(TRUTH))
    others = curves_of(TRUTH, seed=1)
    others[0] = np.nan
    truth = np.where(np.arange(len(TRUTH)) == 0, -1, TRUTH)
    predicted = fitted.predict(others)
    assert predicted[0] == -1
    assert adjusted_rand_score(truth, predicted) > 0.95
    both = np.r_[fitted.labels_, predicted]
    assert adjusted_rand_score(np.r_[TRUTH, truth], both) > 0.95  # one numbering
    np.testing.assert_array_equal(fitted.predict(curves_of(TRUTH)), fitted.labels_)


def test_predict_of_the_published_pipeline():
    curves = curves_of(TRUTH[:180])
    fitted = TrendClusterer(preset="weightscale").fit(curves)
    predicted = fitted.predict(curves)
    np.testing.assert_array_equal(predicted[1:-1], fitted.labels_[1:-1])
    strange = np.vstack([curves[1], np.full(40, np.nan), np.full(40, 1e6)])
    assert fitted.predict(strange).tolist() == [fitted.labels_[1], -1, -1]


@pytest.mark.parametrize("preset", ["robust", "weightscale"])
def test_bands_are_quantiles_of_the_layers(preset):
    curves = curves_of(TRUTH[:60], noise=0)
    fitted = TrendClusterer(preset=preset).fit(curves)
    assert fitted.bands_.shape == (fitted.n_clusters_, 2, 40)
    if preset == "robust":  # without noise or spikes the cleaned curves are the curves
        for k in range(fitted.n_clusters_):
            members = curves[fitted.labels_ == k]
            expected = np.quantile(members, [0.1, 0.9], axis=0)
            np.testing.assert_allclose(fitted.bands_[k], expected)
    assert (fitted.bands_[:, 0] <= fitted.bands_[:, 1]).all()


def test_negative_change_is_refused():
    curves = curves_of(TRUTH[:30])
    curves[3, 3] = -1e-3
    with pytest.raises(ValueError, match=r"0 or more. Received: -0.001"):
        TrendClusterer().fit(curves)

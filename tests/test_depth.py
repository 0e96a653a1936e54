"""Effects of depth and size on change."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from tfrwc import Recording
from tfrwc.dynamics import depth_effect
from tfrwc.dynamics.depth import EFFECTS, typical_change


def recording(change, sizes, records=3):
    """Layers in order of depth with given mean change and size."""
    n = len(change)
    layers = pd.DataFrame(
        {
            "name": [f"l{i}" for i in range(n)],
            "path": [f"l{i}" for i in range(n)],
            "kind": "Dense",
            "shape": [(int(size),) for size in sizes],
            "size": sizes,
            "depth": np.arange(n),
        }
    )
    result = Recording(layers, ["l1_ratio"])
    for t in range(records):
        values = np.array([change]) * 2.0 ** (t - 1)
        result.append(t, t + 1, values, np.zeros((1, n)), {})
    return result


def effects(*args, **kwargs):
    return depth_effect(*args, **kwargs).set_index("effect")


def test_plain_correlations_are_spearmans():
    rng = np.random.default_rng(0)
    change, sizes = rng.random(30), rng.integers(1, 1000, 30)
    table = effects(recording(change, sizes))
    assert tuple(table.index) == EFFECTS
    by_depth = spearmanr(change, np.arange(30)).statistic
    by_size = spearmanr(change, sizes).statistic
    assert table.loc["depth", "correlation"] == pytest.approx(by_depth)
    assert table.loc["size", "correlation"] == pytest.approx(by_size)


def test_partial_correlation_is_that_of_the_residual_ranks():
    rng = np.random.default_rng(1)
    change, sizes = rng.random(40), rng.permutation(40) + np.arange(40)
    ranks = [pd.Series(x).rank() for x in (change, np.arange(40), sizes)]

    def residual(y, x):
        return y - np.polyval(np.polyfit(x, y, 1), x)

    expected = np.corrcoef(residual(ranks[0], ranks[2]), residual(ranks[1], ranks[2]))
    table = effects(recording(change, sizes))
    assert table.loc["depth given size", "correlation"] == pytest.approx(expected[0, 1])


def test_an_effect_of_size_is_not_taken_for_one_of_depth():
    # Change follows size, and size grows with depth: the partial correlation with
    # depth is that of noise. Its interval at 95 % may miss 0 in 1 of 20 seeds; of 20
    # seeds more than 5 misses have a chance below 0.001.
    misses = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        log_size = np.arange(60) + 12 * rng.normal(size=60)
        change = np.exp(0.1 * log_size + 0.5 * rng.normal(size=60))
        sizes = 1000 + 10 * (log_size.argsort().argsort())
        table = effects(recording(change, sizes), n_bootstrap=500)
        row = table.loc["depth given size"]
        misses += not row["low"] <= 0 <= row["high"]
        assert table.loc["depth", "low"] > 0
        assert table.loc["size given depth", "low"] > 0
    assert misses <= 5


def test_where_size_does_not_vary_there_is_no_effect_of_it():
    table = effects(recording(np.arange(1, 9) / 10, np.full(8, 50)))
    assert table.loc["depth", "correlation"] == pytest.approx(1)
    assert table.loc[["size", "depth given size"], "correlation"].isna().all()


def test_depth_and_size_in_one_order_cannot_be_told_apart():
    table = effects(recording(np.random.default_rng(0).random(9), np.arange(1, 10)))
    assert (
        table.loc[["depth given size", "size given depth"], "correlation"].isna().all()
    )


def test_seeds_are_averaged_and_gaps_left_out():
    change, sizes = np.arange(1, 9) / 10, np.arange(8, 0, -1)
    first, second = recording(change, sizes), recording(change[::-1], sizes)
    table = effects([first, first, second])
    assert table.loc["depth", "correlation"] > 0
    first._values[0][0, 3] = np.nan
    first._values[1][0, 4] = 0
    assert effects(first)["layers"].eq(8).all()


def test_typical_change_is_a_geometric_mean():
    curves = [[1, 4, np.nan, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(typical_change(curves), [2, np.nan])
    np.testing.assert_allclose(typical_change([curves, [[8] * 4, [3] * 4]]), [4, 3])


def test_too_few_layers_and_other_networks():
    with pytest.raises(ValueError, match="4 or more layers"):
        depth_effect(recording([0.1, 0.2, 0.3], [1, 2, 3]))
    with pytest.raises(ValueError, match="of one network"):
        depth_effect([recording([0.1] * 5, range(5)), recording([0.1] * 6, range(6))])
    with pytest.raises(ValueError, match="at least one"):
        depth_effect([])
    with pytest.raises(TypeError, match="load_recording"):
        depth_effect("run.parquet")
    with pytest.raises(TypeError, match="ndarray"):
        depth_effect(np.ones((5, 3)))

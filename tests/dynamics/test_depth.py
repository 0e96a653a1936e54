"""Effects of depth and size on change."""

import math

import hypothesis.extra.numpy as hnp
import numpy as np
import pandas as pd
import pytest
from dynamics.recordings import recording as plain_recording
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr, ttest_ind

from tfrwc import Recording
from tfrwc.dynamics import block_effect, depth_effect, relative_change
from tfrwc.dynamics.depth import EFFECTS, block_of, typical_change


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
        table = effects(recording(change, sizes), n_bootstrap=500, n_permutations=9)
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
    records = list(first.records())
    records[0].values[0, 3] = np.nan
    records[1].values[0, 4] = 0
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


# Kernels of a narrow ResNet-18: shortcuts and classifier are small and late, so that
# depth and size are not in one order.
RESNET = [144] + [2304] * 4 + [4608, 9216, 512, 9216, 9216]
RESNET += [18432, 36864, 2048, 36864, 36864, 73728, 147456, 8192, 147456, 147456, 1280]


def equal_networks(rng, seeds=3, records=8):
    """Recordings of networks whose weights all change by the same share, 0.2.

    Weights and changes are Gaussian, the weights' scale falls with their number as
    in usual initialisations; sizes are an eighth of the real ones, to save time.
    """
    sizes = np.array(RESNET) // 8
    result = [recording(np.ones(len(sizes)), sizes, records=0) for _ in range(seeds)]
    for one in result:
        one.measures = ("l1_ratio", "elementwise_mean")
        for t in range(records):
            values = np.zeros((2, len(sizes)))
            for i, size in enumerate(sizes):
                w = rng.normal(size=size) / np.sqrt(size)
                v = w + 0.2 * rng.normal(size=size) / np.sqrt(size)
                values[:, i] = [relative_change(w, v, m) for m in one.measures]
            one.append(t, t + 1, values, np.zeros_like(values), {})
    return result


def test_equal_networks_show_an_effect_by_elementwise_mean_only():
    # 20 networks of 3 seeds each, tests at 0.05. The change is the same everywhere, so
    # every effect of depth is a false one; by elementwise_mean it is of size, which
    # the measure grows with. l1_ratio varies more in small layers, with which the
    # level is up to 0.15; then more than 8 of 20 have a chance below 0.002.
    measures = ("l1_ratio", "elementwise_mean")
    rejected, ratios = dict.fromkeys(measures, 0), {m: [] for m in measures}
    blocks = dict.fromkeys(measures, 0)
    for seed in range(20):
        networks = equal_networks(np.random.default_rng(seed))
        for measure in measures:
            table = effects(networks, measure, n_bootstrap=2, n_permutations=499)
            rejected[measure] += table["p_value"] <= 0.05
            row = block_effect(networks, measure).iloc[0]
            assert row["comparison"] == "late / early"
            ratios[measure].append(row["ratio"])
            blocks[measure] += row["p_value"] <= 0.05
    assert (rejected["l1_ratio"] <= 8).all()
    assert blocks["l1_ratio"] <= 8
    assert np.mean(ratios["l1_ratio"]) == pytest.approx(1, abs=0.01)
    false = rejected["elementwise_mean"]
    assert false["depth"] >= 15
    assert np.mean(ratios["elementwise_mean"]) > 1.2
    # Which of the two it is: size. Depth given size has nothing to say.
    assert false["size"] == 20
    assert false["size given depth"] >= 15
    assert false["depth given size"] <= 8


def test_p_values_of_no_effect_are_uniform():
    # 200 networks of 12 layers that vary alike: each of the first two tests is exact,
    # the partial ones nearly. Of 200, more than 22 or fewer than 1 rejections at 0.05
    # have a chance below 0.001.
    rejected = np.zeros(4)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        one = recording(rng.random(12), rng.integers(1, 20, 12), records=1)
        table = depth_effect(one, n_bootstrap=2, n_permutations=199, random_state=seed)
        rejected += table["p_value"].to_numpy() <= 0.05
    assert (rejected >= 1).all()
    assert (rejected <= 22).all()


def test_intervals_cover_over_seeds_and_layers():
    # What such networks give on average, from many; then 60 intervals at 95 %. With
    # a coverage of 0.93, fewer than 49 of 60 have a chance below 0.001.
    def networks(rng):
        layer = 0.2 * np.arange(14) + rng.normal(size=14)
        sizes = 100 + 10 * np.arange(14) + rng.integers(0, 300, 14)
        noise = 0.5 * rng.normal(size=(3, 14))
        return [recording(np.exp(layer + n), sizes, 1) for n in noise]

    rng = np.random.default_rng(0)
    truth = np.mean(
        [
            depth_effect(networks(rng), n_bootstrap=1, n_permutations=1)["correlation"]
            for _ in range(200)
        ],
        axis=0,
    )
    covered = np.zeros(4)
    for _ in range(60):
        table = depth_effect(networks(rng), n_bootstrap=300, n_permutations=1)
        covered += ((table["low"] <= truth) & (truth <= table["high"])).to_numpy()
    assert (covered >= 49).all()


def test_the_intervals_say_what_is_drawn_again():
    rng = np.random.default_rng(0)
    change, sizes = np.exp(0.15 * np.arange(20)), rng.integers(1, 99, 20)
    alike = [recording(change, sizes)] * 3
    unlike = [recording(change * np.exp(rng.normal(size=20)), sizes) for _ in range(3)]
    one, same, different = depth_effect(alike[0]), effects(alike), effects(unlike)
    assert (one["resampled"] == "layers").all()
    assert (same["resampled"] == "seeds and layers").all()
    assert (same["seeds"] == 3).all()
    width = different["high"] - different["low"]
    mean = recording(np.exp(np.mean([np.log(typical(r)) for r in unlike], 0)), sizes)
    alone = effects(mean)
    assert width["depth"] > 1.1 * (alone["high"] - alone["low"])["depth"]


def test_one_training_is_no_two_seeds():
    def trained(losses):
        layers = recording(np.ones(5), np.arange(1, 6)).layers
        result = Recording(layers, ["l1_ratio"])
        values = np.exp(0.1 * np.arange(5))[None]
        for t, loss in enumerate(losses):
            result.append(t, t + 1, values, np.zeros((1, 5)), {"loss": loss})
        return result

    one, same, other = trained([2, 1, 0.5]), trained([2, 1, 0.5]), trained([2, 1, 0.6])
    assert set(depth_effect([one, other])["seeds"]) == {2}
    for twice in ([one, one], [one, other, same]):
        for effect in (depth_effect, block_effect):
            with pytest.raises(ValueError, match="one twice, as numbers 0 and"):
                effect(twice)


def typical(one):
    return typical_change(one.values().T)


def test_adjusted_p_values_are_holms():
    rng = np.random.default_rng(2)
    change = np.exp(0.1 * np.arange(15) + 0.5 * rng.normal(size=15))
    table = block_effect(recording(change, rng.integers(1, 99, 15)))
    p = table["p_value"].to_numpy()
    order = np.argsort(p)
    expected = np.empty(3)
    for place, row in enumerate(order):
        expected[row] = min(1, max((3 - i) * p[order[i]] for i in range(place + 1)))
    np.testing.assert_allclose(table["p_adjusted"], expected)
    # Rows without a correlation are no tests.
    table = depth_effect(recording(np.exp(np.arange(8)), np.full(8, 5)))
    assert table["p_value"].notna().tolist() == [True, False, False, False]
    assert table["p_value"][0] <= table["p_adjusted"][0] <= 0.001


@pytest.mark.parametrize(("effect", "null"), [(depth_effect, 0), (block_effect, 1)])
def test_adjusted_intervals_agree_with_adjusted_tests(effect, null):
    """A row is told apart by both or by neither, though by itself it may be."""
    told, by_itself = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        change = np.exp(rng.uniform(0, 0.2) * np.arange(15) + rng.normal(size=15))
        table = effect(recording(change, rng.integers(1, 99, 15)))
        clear = (table["p_adjusted"] <= 0.05).to_numpy()
        ends = table["adjusted_low"], table["adjusted_high"]
        np.testing.assert_array_equal((ends[0] > null) | (ends[1] < null), clear)
        value = table.iloc[:, 1]
        assert ((ends[0] <= value + 1e-9) & (value <= ends[1] + 1e-9)).all()
        assert (table["p_adjusted"] >= table["p_value"]).all()
        told.append(clear)
        by_itself.append((table["low"] > null) | (table["high"] < null))
    assert 0 < np.sum(told) < np.sum(by_itself)


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(np.int8, (3, 9), elements=st.integers(1, 9)),
    hnp.arrays(np.int8, 9, elements=st.integers(1, 9)),
    st.permutations(range(3)),
)
def test_order_of_seeds_and_scale_of_change_do_not_matter(change, sizes, order):
    seeds = [recording(row, sizes, 1) for row in change]
    scaled = [recording(8.0 * row, sizes, 1) for row in change]
    few = {"n_bootstrap": 20, "n_permutations": 20}
    table, blocks = depth_effect(seeds, **few), block_effect(seeds)
    for other in ([seeds[i] for i in order], scaled):
        pd.testing.assert_frame_equal(table, depth_effect(other, **few))
        pd.testing.assert_frame_equal(blocks, block_effect(other))


def test_permutations_of_layers_leave_everything_as_it_was():
    # Depth and size go with their layer: the order of the rows says nothing.
    rng = np.random.default_rng(3)
    one = recording(rng.random(12), rng.integers(1, 99, 12), records=1)
    other = recording(np.ones(12), np.ones(12), records=0)
    order = rng.permutation(12)
    other.layers = one.layers.iloc[order].reset_index(drop=True)
    other.append(0, 1, one.values()[:, order], np.zeros((1, 12)), {})
    np.testing.assert_allclose(
        depth_effect(one)["correlation"], depth_effect(other)["correlation"]
    )
    pd.testing.assert_frame_equal(block_effect(one), block_effect(other))


@pytest.mark.parametrize(
    ("layers", "counts"), [(6, (2, 2, 2)), (20, (7, 6, 7)), (21, (7, 7, 7))]
)
def test_blocks_are_thirds_with_ends_of_equal_width(layers, counts):
    blocks = block_of(np.arange(layers)).tolist()
    assert tuple(blocks.count(b) for b in ("early", "middle", "late")) == counts
    assert blocks == sorted(blocks, key=("early", "middle", "late").index)


def test_blocks_of_one_seed_are_compared_as_welch_does():
    rng = np.random.default_rng(4)
    change = np.exp(rng.normal(size=21))
    change[14:] *= 3
    row = block_effect(recording(change, np.ones(21))).set_index("comparison")
    row = row.loc["late / early"]
    welch = ttest_ind(np.log(change[14:]), np.log(change[:7]), equal_var=False)
    interval = welch.confidence_interval(0.95)
    assert row["p_value"] == pytest.approx(welch.pvalue, rel=1e-4)
    assert np.log(row["low"]) == pytest.approx(interval.low, rel=1e-4)
    assert np.log(row["high"]) == pytest.approx(interval.high, rel=1e-4)
    assert row["ratio"] == pytest.approx(
        typical_change([change[14:]])[0] / typical_change([change[:7]])[0], rel=1e-5
    )


def test_blocks_cover_where_seeds_differ_in_slope():
    # Seeds that move late layers more or less as a whole: layers alone would cover in
    # 0.80 only. Of 150 at 0.95, fewer than 131 have a chance below 0.001.
    covered, rng = 0, np.random.default_rng(0)
    slope = (np.arange(21) - 10) / 6
    for _ in range(150):
        layer = rng.normal(size=21)
        seeds = [
            recording(np.exp(layer + rng.normal() * slope / 2), np.ones(21), 1)
            for _ in range(3)
        ]
        row = block_effect(seeds).iloc[0]
        covered += row["low"] <= 1 <= row["high"]
    assert covered >= 131


def test_blocks_need_two_layers_each():
    with pytest.raises(ValueError, match="6 or more layers"):
        block_effect(recording(np.ones(5), np.ones(5)))
    lopsided = recording(np.arange(1, 9), np.ones(8))
    lopsided.layers["depth"] = [0, 1, 1, 1, 1, 1, 2, 2]
    with pytest.raises(ValueError, match="2 or more layers in each third"):
        block_effect(lopsided)


@pytest.mark.parametrize("effect", [depth_effect, block_effect])
def test_recordings_made_otherwise_are_not_averaged(effect):
    change = np.linspace(0.1, 0.2, 9)
    one = plain_recording(change, reference="previous", every="epoch")
    for other in ({"reference": "initial"}, {"every": "EverySteps(n=5)"}):
        made = {"reference": "previous", "every": "epoch"} | other
        with pytest.raises(ValueError, match="made with one"):
            effect([one, plain_recording(change, **made)])
    deeper = plain_recording(change)
    deeper.layers["depth"] += 1
    with pytest.raises(ValueError, match="depths of their layers differ"):
        effect([plain_recording(change), deeper])


@pytest.mark.parametrize("layers", [4, 5, 9])
@pytest.mark.parametrize("sign", [1, -1])
def test_layers_in_perfect_order_have_a_test_and_no_interval(layers, sign):
    """Whatever is drawn of them is in perfect order, too: a width of 0 says nothing."""
    change = np.exp(sign * np.arange(layers))
    row = effects(recording(change, np.full(layers, 5))).loc["depth"]
    assert row["correlation"] == pytest.approx(sign)
    assert row[["low", "high", "adjusted_low", "adjusted_high"]].isna().all()
    assert row["p_adjusted"] == row["p_value"]
    # All n! orders are equally likely, and two of them are perfect.
    assert row["p_value"] == pytest.approx(
        2 / math.factorial(layers), rel=0.3, abs=3e-4
    )

"""Recordings held against others."""

import re

import numpy as np
import pytest
from answers.made import BREAKS, EARLY, MOVING, NEVER, T, made

from tfrwc import Recording
from tfrwc.answers import difference
from tfrwc.answers.plot import DepthDisplay
from tfrwc.answers.view import view_of
from tfrwc.dynamics import compare


def test_two_runs():
    one = made([MOVING, MOVING, MOVING])
    other = made([3 * MOVING, 0.5 * MOVING, 1.05 * MOVING])
    told = one.compare(other)
    assert told.sentence == (
        "Over 20 records, 1 of 3 layers changed more in the other run: "
        "l0/kernel (3.0 times as much); 1 less: l1/kernel (0.50 times as much); 1 "
        "about as much."
    )
    assert told.table["name"].tolist() == ["l0/kernel", "l1/kernel", "l2/kernel"]
    assert told.table["ratio"].tolist() == pytest.approx([3, 0.5, 1.05])
    assert told.table[["low", "high", "p_value"]].isna().all(axis=None)
    assert told.uncertain[0].startswith("One run each: no interval can be given")


def test_runs_that_have_names_are_called_by_them():
    slow = made([MOVING, MOVING, MOVING], logs={"learning_rate": 0.1 + 0 * T})
    fast = made([2 * MOVING, NEVER, MOVING], logs={"learning_rate": 0.3 + 0 * T})
    for one, other, names, how in (
        (slow, fast, ("slow", "fast"), "not at all there"),
        (fast, slow, ("fast", "slow"), "not at all in fast"),
    ):
        told = difference(one, other, names)
        said = " ".join([told.sentence, *told.uncertain])
        assert f"1 of 3 layers changed more in {names[1]}: " in said
        assert how in said
        assert f"rate of {names[1]} is" in said
        assert f"times that of {names[0]}, and" in said
        assert not re.search(r"(this|the other) (run|one)\b", said)


def test_several_runs_without_names_are_called_runs():
    runs = [made([MOVING, MOVING]), made([MOVING, 1.01 * MOVING])]
    told = difference(runs, made([MOVING, NEVER]))
    assert "changed less in the other run: l1/kernel" in told.sentence
    told = difference(made([MOVING, MOVING]), runs)
    assert "about as much in the other runs" in told.sentence


def test_all_layers_are_not_told_as_so_many_of_so_many():
    told = made([MOVING, EARLY]).compare(made([2 * MOVING, 3 * EARLY])).sentence
    assert told.startswith("Over 20 records, all 2 layers changed more in the other")


def test_a_run_does_not_differ_from_itself():
    one = made([MOVING, EARLY])
    assert "all layers changed about as much" in one.compare(one).sentence


def test_a_layer_that_is_frozen_on_one_side():
    one, other = made([MOVING, MOVING]), made([MOVING, NEVER])
    assert (
        "1 of 2 layers changed less in the other run: l1/kernel (not at all there)"
        in (one.compare(other).sentence)
    )
    back = other.compare(one)
    assert "l1/kernel (not at all in this run)" in back.sentence
    assert np.isinf(back.table["ratio"].iloc[0])
    both = other.compare(other)
    assert any("l1/kernel: no change" in said for said in both.uncertain)


def test_one_recording_has_one_mean_and_one_typical_change():
    """Summary, comparison and figures agree, whatever the curves."""
    rng = np.random.default_rng(0)
    halts, gaps = np.where(T < 5, 0.1, 0), np.where(T % 3, 0.2, np.nan)
    wild = np.exp(3 * rng.normal(size=20))
    one = made([MOVING, EARLY, halts, gaps, wild, NEVER])
    other = made([2 * MOVING, EARLY, 3 * halts, gaps / 2, wild[::-1], MOVING])
    table = one.summary().table.sort_index()
    expected = [0.1, 0.5 * 0.3**9.5, 0.1, 0.2, np.exp(np.log(wild).mean()), 0]
    assert table["typical"].tolist() == pytest.approx(expected, rel=1e-5)
    compared = one.compare(other).table.sort_index()
    assert table["typical"].tolist() == pytest.approx(compared["this"].tolist())
    layers = compare({"one": one, "other": other}).layers.query("condition == 'one'")
    changes = layers["change"].fillna(0).tolist()  # none of a layer that never moved
    assert table["typical"].tolist() == pytest.approx(changes)
    drawn = DepthDisplay(view_of(one), np.zeros(6, int)).change
    assert table["typical"].tolist() == pytest.approx(drawn.tolist())
    assert table["change"].iloc[1] == pytest.approx(EARLY.mean(), rel=1e-5)
    assert table["share"].sum() == pytest.approx(1)


def test_a_layer_that_halts_is_said():
    halts = np.where(T < 5, 0.1, 0)
    told = made([MOVING, MOVING]).compare(made([MOVING, halts]))
    assert any("l1/kernel: records without any change" in u for u in told.uncertain)


def test_a_mean_that_says_the_opposite_is_said():
    burst = np.where(T < 1, 30.0, 0.001)
    told = made([MOVING, MOVING]).compare(made([burst, 2 * MOVING]))
    said = [u for u in told.uncertain if "the other way round" in u]
    assert [u.partition(":")[0] for u in said] == ["l0/kernel"]
    calm = made([MOVING, MOVING]).compare(made([2 * MOVING, 0.5 * MOVING]))
    assert not any("the other way round" in u for u in calm.uncertain)


def seeds(levels, rng, count=4):
    return [
        made([level * np.exp(0.1 * rng.normal()) + 0 * T for level in levels])
        for _ in range(count)
    ]


def test_seeds_give_intervals_and_those_of_compare():
    rng = np.random.default_rng(0)
    these, others = seeds([0.1, 0.1, 0.1], rng), seeds([0.3, 0.1, 0.1], rng)
    told = difference(these, others)
    assert "1 of 3 layers changed more in the other runs: l0/kernel (" in told.sentence
    assert "95 % interval" in told.sentence
    assert "2 without a clear difference" in told.sentence
    assert told.uncertain == []
    layers = compare({"this": these, "other": others}).layers
    expected = layers[layers["condition"] == "other"].reset_index(drop=True)
    table = told.table.sort_index()
    np.testing.assert_allclose(np.log(table["ratio"]), expected["difference"])
    np.testing.assert_allclose(np.log(table["low"]), expected["adjusted_low"])
    np.testing.assert_allclose(table["p_adjusted"], expected["p_adjusted"])


@pytest.mark.parametrize("paired", [False, True])
def test_adjusted_intervals_agree_with_adjusted_tests(paired):
    told = by_itself = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        levels = 0.1 * np.exp(rng.normal(0, 0.15, 12))
        groups = {"this": seeds([0.1] * 12, rng), "other": seeds(levels, rng)}
        rows = compare(groups, paired=paired).layers.query("condition == 'other'")
        outside = (rows["adjusted_low"] > 0) | (rows["adjusted_high"] < 0)
        assert outside.tolist() == (rows["p_adjusted"] <= 0.05).tolist()
        told += outside.sum()
        by_itself += ((rows["low"] > 0) | (rows["high"] < 0)).sum()
    assert 0 < told < by_itself


def test_seeds_without_a_difference():
    rng = np.random.default_rng(1)
    told = difference(seeds([0.1, 0.1], rng), seeds([0.1, 0.1], rng))
    assert "no layer changed clearly more or less in the other runs" in told.sentence


def test_one_run_against_seeds_has_no_interval():
    rng = np.random.default_rng(2)
    told = made([MOVING, EARLY]).compare(seeds([0.1, 0.1], rng))
    assert told.uncertain[0].startswith("One run: no interval")
    assert told.table["low"].isna().all()


def test_other_learning_rates_and_lengths_are_said():
    one = made([MOVING], logs={"learning_rate": 0.1 + 0 * T})
    other = made([MOVING[:8]], logs={"learning_rate": 0.2 + 0 * T})
    told = one.compare(other)
    assert told.records == 8
    assert told.sentence.startswith("Over the first 8 records, all layers changed")
    rates = "The typical learning rate of the other run is 2.0 times that of this run, "
    assert any(u.startswith(rates) for u in told.uncertain)
    assert any("8 to 20 records" in u for u in told.uncertain)


def test_what_cannot_be_compared_is_refused():
    one = made([MOVING, EARLY])
    with pytest.raises(TypeError, match=r"Received: str\. Read a file with"):
        one.compare("run.parquet")
    with pytest.raises(TypeError, match="Received: int"):
        one.compare([3])
    with pytest.raises(ValueError, match="Layer 1 does not fit"):
        one.compare(made([MOVING]))
    with pytest.raises(ValueError, match="no records"):
        one.compare(Recording(one.layers, ["l1_ratio"]))
    other = Recording(one.layers, ["cosine"])
    other.append(1, 1, [[0.1, 0.1]], [[0, 0]], {})
    with pytest.raises(ValueError, match="by a measure that all of them have"):
        one.compare(other)


def test_it_is_shown():
    told = made([MOVING, BREAKS], ["<b>/kernel", "c/kernel"]).compare(
        made([2 * MOVING, BREAKS], ["d/kernel", "e/kernel"])
    )
    assert str(told).startswith("Over 20 records, 1 of 2")
    assert repr(told) == str(told)
    assert "&lt;b&gt;/kernel" in told._repr_html_()
    assert "Not certain" in told._repr_html_()

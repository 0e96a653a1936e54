"""The trend over difficulty."""

import itertools

import numpy as np
import pytest
from dynamics.recordings import names, recording, tasks
from scipy.stats import linregress

from tfrwc.dynamics import compare, difficulty_trend


def test_trend_in_perfect_order():
    found = difficulty_trend(tasks(np.random.default_rng(0), range(4)), names(4))
    by_task, in_general = found.iloc[0], found.iloc[1]
    assert found["verdict"].tolist() == ["supported", "supported"]
    # Four tasks have 24 orders, of which this is the best.
    assert in_general["p_value"] == in_general["smallest_p_value"] == 1 / 24
    assert by_task["p_value"] <= 0.001
    assert found["units"].tolist() == [12, 4]
    # Late and early thirds are 6/8 of the way from end to end apart.
    assert by_task["low"] < 0.75 < by_task["high"]


def test_slope_and_p_value_are_those_of_every_order_tried():
    found = tasks(np.random.default_rng(1), [0, 1, 0.3, 0.8], n=2, spread=0.5)
    errors = dict(zip(names(4), [0.01, 0.02, 0.1, 0.3], strict=True))
    row = difficulty_trend(found, errors).iloc[1]
    x = list(errors.values())
    y = np.log(found.recordings["late_to_early"]).groupby(np.arange(8) // 2).mean()
    line = linregress(x, y)
    assert row["slope"] == pytest.approx(line.slope)
    slopes = [linregress(x, p).slope for p in itertools.permutations(y)]
    assert row["p_value"] == np.mean(np.array(slopes) >= line.slope - 1e-9)
    half = 4.302652729911275 * line.stderr  # Student's, 2 degrees of freedom
    assert row["low"] == pytest.approx(line.slope - half)
    assert row["high"] == pytest.approx(line.slope + half)


@pytest.mark.parametrize(
    ("count", "n", "smallest"),
    [
        (2, 2, (1 / 6, 1 / 2)),
        (2, 3, (1 / 20, 1 / 2)),
        (3, 1, (1 / 6, 1 / 6)),
        (3, 2, (1 / 90, 1 / 6)),
        (4, 1, (1 / 24, 1 / 24)),
        (5, 1, (1 / 120, 1 / 120)),
    ],
)
def test_what_cannot_reach_its_level_is_not_testable(count, n, smallest):
    found = tasks(np.random.default_rng(0), range(count), n)
    found = difficulty_trend(found, names(count))
    np.testing.assert_allclose(found["smallest_p_value"], smallest)
    testable = np.array(smallest) <= 0.05
    assert ((found["verdict"] != "not testable here") == testable).all()


def test_many_seeds_do_not_make_two_tasks_all_tasks():
    found = difficulty_trend(tasks(np.random.default_rng(0), [0, 1], 10), names(2))
    assert found["verdict"].tolist() == ["supported", "not testable here"]
    assert found[["low", "high"]].notna().all(axis=1).tolist() == [True, False]


def test_tasks_of_one_difficulty_can_be_exchanged():
    found = tasks(np.random.default_rng(0), range(4), 1)
    levels = dict(zip(names(4), [1, 1, 2, 2], strict=True))
    found = difficulty_trend(found, levels)
    np.testing.assert_allclose(found["smallest_p_value"], 1 / 6)


def test_a_trend_downwards_does_not_support():
    found = difficulty_trend(tasks(np.random.default_rng(0), [3, 2, 1, 0]), names(4))
    assert found["verdict"].tolist() == ["not supported", "not supported"]
    assert (found["high"] < 0).all()


def test_verdicts_without_an_effect_err_at_the_stated_rate():
    # 150 comparisons of 5 tasks that are alike, with 3 seeds: each scope is supported
    # with a probability of at most 0.05; of 150, more than 18 have a chance below
    # 0.0002. Intervals at 95 % that miss: the same bound.
    supported, missed = np.zeros(2), np.zeros(2)
    rng = np.random.default_rng(0)
    for _ in range(150):
        found = tasks(rng, [0] * 5, spread=0.5)
        found = difficulty_trend(found, names(5), n_permutations=199)
        supported += (found["verdict"] == "supported").to_numpy()
        missed += ((found["low"] > 0) | (found["high"] < 0)).to_numpy()
    assert (supported <= 18).all()
    assert (missed <= 18).all()
    assert (supported >= 1).all()


def test_tasks_that_differ_at_random_support_nothing_in_general():
    # Each of 5 tasks has a late part of its own that has nothing to do with
    # difficulty. Over seeds alone such tasks are often in some order; the general
    # claim errs at its level. Of 100 at 0.05, more than 13 have a chance below 0.001.
    supported, rng = np.zeros(2), np.random.default_rng(0)
    for _ in range(100):
        found = tasks(rng, rng.normal(size=5))
        found = difficulty_trend(found, names(5), n_permutations=199)
        supported += (found["verdict"] == "supported").to_numpy()
    assert supported[0] >= 20
    assert supported[1] <= 13


@pytest.mark.parametrize(
    ("difficulty", "message"),
    [
        (["task0", "task1"], "each of the conditions"),
        (["task0", "task1", "task2", "task2"], "each of the conditions"),
        ({"task0": 1, "task1": 1, "task2": 1}, "not all equal"),
        ({"task0": 1, "task1": np.nan, "task2": 1}, "finite"),
    ],
)
def test_difficulties_are_checked(difficulty, message):
    found = tasks(np.random.default_rng(0), range(3), 1)
    with pytest.raises(ValueError, match=message):
        difficulty_trend(found, difficulty)


def test_a_network_without_early_and_late_layers_has_no_trend():
    one = recording([1.0, 2.0], [(8, 4), (4, 3)])
    other = recording([1.0, 2.0], [(9, 4), (4, 5)])
    found = compare({"task0": [one], "task1": [other]})
    assert found.conditions["late_share"].isna().all()
    with pytest.raises(ValueError, match="late_to_early ratio of every recording"):
        difficulty_trend(found, names(2))

"""Comparisons of conditions."""

import numpy as np
import pandas as pd
import pytest
from dynamics.recordings import SHAPES, log_changes, recording, seeds
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind, ttest_rel

from tfrwc.dynamics import compare, difficulty_trend


@pytest.mark.parametrize("paired", [False, True])
def test_differences_of_layers_are_students(paired):
    rng = np.random.default_rng(0)
    groups = {"a": seeds(rng), "b": seeds(rng, 1.0), "c": seeds(rng, level=0.3)}
    found = compare(groups, baseline="b", paired=paired).layers
    for name in ("a", "c"):
        rows = found[found["condition"] == name]
        mine, theirs = log_changes(groups[name]), log_changes(groups["b"])
        test = (
            ttest_rel(mine, theirs)
            if paired
            else ttest_ind(mine, theirs, equal_var=False)
        )
        interval = test.confidence_interval(0.95)
        np.testing.assert_allclose(rows["log_change"], mine.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(rows["change"], np.exp(mine.mean(axis=0)))
        np.testing.assert_allclose(rows["difference"], (mine - theirs).mean(axis=0))
        np.testing.assert_allclose(rows["low"], interval.low, rtol=1e-6)
        np.testing.assert_allclose(rows["high"], interval.high, rtol=1e-6)
        np.testing.assert_allclose(rows["p_value"], test.pvalue, rtol=1e-6)
    of_baseline = found[found["condition"] == "b"]
    assert of_baseline[["difference", "low", "p_value"]].isna().all(axis=None)
    assert (found["p_adjusted"].dropna() >= found["p_value"].dropna()).all()


def test_shares_and_ratios_of_blocks():
    change = np.array([9, 1, 1, 1, 2, 2, 4, 4, 9], float)  # stem and classifier fit
    one = recording(change)
    found = compare({"a": [one, one], "b": [one]})
    assert found.baseline == "a"
    assert found.conditions["seeds"].tolist() == [2, 1]
    early, late = change[:3], change[6:]
    expected = np.exp(np.log(late).mean() - np.log(early).mean())
    np.testing.assert_allclose(found.conditions["late_to_early"], expected)
    share = late.sum() / change.sum()
    np.testing.assert_allclose(found.conditions["late_share"], share, rtol=1e-6)
    assert found.conditions["late_share_low"].isna().all()


def test_layers_whose_shapes_differ_do_not_enter_shares():
    change = np.array([100, 1, 1, 1, 1, 1, 2, 2, 100], float)
    other = [(3, 3, 3, 8), *SHAPES[1:-1], (8, 100)]
    found = compare({"grey": [recording(change)], "colour": [recording(change, other)]})
    np.testing.assert_allclose(found.recordings["late_to_early"], 2)
    same = found.layers.query("condition == 'grey'")["same_shape"]
    assert same.tolist() == [False, *[True] * 7, False]


def test_layers_without_values_do_not_enter_shares():
    gap = np.array([1, 1, 1, 1, 1, 3, 3, 3, np.nan])
    full = np.array([1, 1, 1, 1, 1, 3, 3, 3, 50])
    found = compare({"a": [recording(gap)], "b": [recording(full)]})
    np.testing.assert_allclose(found.recordings["late_to_early"], 3)
    assert np.isnan(found.layers["log_change"][8])


def test_the_first_records_that_all_have_are_read():
    short = recording(np.ones(9), records=2)
    longer = recording(np.ones(9), records=3)
    found = compare({"a": [short], "b": [longer]})
    assert found.records == 2
    np.testing.assert_allclose(found.layers["change"], 1)


def test_change_per_learning_rate():
    slow = recording(np.full(9, 0.1), rates=[0.01, 0.01])
    fast = recording(np.full(9, 1.0), rates=[0.1, 0.1])
    plain = compare({"slow": [slow], "fast": [fast]})
    np.testing.assert_allclose(plain.layers["difference"].dropna(), np.log(10))
    np.testing.assert_allclose(plain.recordings["learning_rate"], [0.01, 0.1])
    found = compare({"slow": [slow], "fast": [fast]}, per_learning_rate=True)
    np.testing.assert_allclose(found.layers["difference"].dropna(), 0, atol=1e-6)
    np.testing.assert_allclose(found.layers["change"], 10, rtol=1e-6)
    # A record at a rate of 0 changes nothing and says nothing.
    warm = recording(np.full(9, 0.1), rates=[0, 0.1], records=2)
    found = compare({"slow": [slow], "warm": [warm]}, per_learning_rate=True)
    np.testing.assert_allclose(found.layers["change"][9:], 2, rtol=1e-6)
    unknown = recording(np.ones(9))
    with pytest.raises(ValueError, match=r"Condition 'b': .* logged no learning rate"):
        compare({"a": [slow], "b": [unknown]}, per_learning_rate=True)
    with pytest.raises(ValueError, match="square of the learning rate"):
        compare({"a": [slow], "b": [fast]}, measure="cosine", per_learning_rate=True)


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.randoms(use_true_random=False),
)
def test_order_of_seeds_and_conditions_does_not_matter(seed, counts, random):
    rng = np.random.default_rng(seed)
    groups = {str(i): seeds(rng, i, n) for i, n in enumerate(counts)}
    shuffled = {
        name: random.sample(groups[name], len(groups[name]))
        for name in random.sample(list(groups), len(groups))
    }
    one, other = (compare(g, baseline="0") for g in (groups, shuffled))
    for table, keys in (
        ("layers", ["condition", "depth"]),
        ("conditions", "condition"),
    ):
        first, second = (
            getattr(found, table).sort_values(keys).reset_index(drop=True)
            for found in (one, other)
        )
        pd.testing.assert_frame_equal(first, second)
    trends = [
        difficulty_trend(f, sorted(groups), n_permutations=99) for f in (one, other)
    ]
    columns = ["slope", "low", "high"]
    pd.testing.assert_frame_equal(trends[0][columns], trends[1][columns])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.25, 8.0]))
def test_scale_of_change_moves_levels_only(seed, scale):
    rng = np.random.default_rng(seed)
    groups = {"a": seeds(rng, 0.5), "b": seeds(rng, 1.5)}
    scaled = {
        name: [recording(scale * np.exp(row)) for row in log_changes(group)]
        for name, group in groups.items()
    }
    one, other = compare(groups), compare(scaled)
    np.testing.assert_allclose(
        other.layers["log_change"], one.layers["log_change"] + np.log(scale), atol=1e-5
    )
    np.testing.assert_allclose(
        other.layers["difference"], one.layers["difference"], atol=1e-5
    )
    for column in ("late_share", "late_to_early"):
        np.testing.assert_allclose(
            other.conditions[column], one.conditions[column], rtol=1e-5
        )


def test_a_comparison_shows_itself_in_few_words():
    rng = np.random.default_rng(0)
    several = compare({"<easy>": seeds(rng), "hard": seeds(rng, level=0.5)})
    assert repr(several).startswith(
        "Comparison: 9 layers in 2 conditions, by l1_ratio over 2 records, against "
        "<easy>: 9 of 9 differences are clear"
    )
    page = several._repr_html_()
    assert "&lt;easy&gt;" in page
    assert page.count("<tr>") == 3 + 10  # two conditions, nine layers, two heads
    first = (
        several.layers.dropna(subset="difference").sort_values("difference").iloc[-1]
    )
    shown = page.split("<table>")[2].split("</tr>")[1]
    assert f'<th scope="row">{first["layer"]}</th><td>hard</td>' in shown
    assert f"<td>{np.exp(first['difference']):.3g} (" in shown
    one = compare({"easy": seeds(rng, n=1), "hard": seeds(rng, n=1)})
    assert repr(one).endswith("no test, as conditions have one recording each.")
    assert "nan" not in one._repr_html_()

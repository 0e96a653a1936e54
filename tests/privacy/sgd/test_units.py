"""Units with several examples: which are drawn, and how they are grouped."""

import contextlib
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from privacy.sgd.units_of import groups, parts

from tfrwc.privacy.sgd.units import Units

SIZES = st.lists(st.integers(1, 9), min_size=1, max_size=12)


@given(SIZES, st.integers(0, 2**32 - 1), st.integers(1, 9) | st.none())
def test_units_come_with_their_examples_and_no_others(sizes, seed, most):
    rng = np.random.default_rng(seed)
    ids = rng.permutation(np.repeat([f"p{i}" for i in range(len(sizes))], sizes))
    units = Units(ids)
    assert units.examples == sum(sizes)
    assert sorted(units.sizes) == sorted(sizes)
    chosen = np.flatnonzero(rng.random(units.count) < 0.7)
    if not len(chosen):
        return
    rows, places = units.rows(chosen, most, rng)
    assert len(set(rows)) == len(rows) == (places >= 0).sum()
    names = set()
    for place in places:
        own = rows[place[place >= 0]]
        [name] = set(ids[own])
        whole = (ids == name).sum()
        assert len(own) == (whole if most is None else min(whole, most))
        names.add(name)
    assert len(names) == len(chosen)
    # Those of one unit follow each other, in the order of the units.
    np.testing.assert_array_equal(places[places >= 0], np.arange(len(rows)))


def test_of_many_examples_each_is_as_likely():
    """10 of 100, 2,000 times: 6 deviations, a false alarm in 1e-7 of seeds."""
    units, rng = Units(["a"] * 100 + ["b"]), np.random.default_rng(0)
    counts = np.zeros(101)
    for _ in range(2000):
        rows, _ = units.rows(np.array([0]), 10, rng)
        counts[rows] += 1
    assert counts[100] == 0
    assert np.abs(counts[:100] - 200).max() < 6 * np.sqrt(2000 * 0.1 * 0.9)


def test_a_bound_on_the_rows_of_a_sample_holds():
    """Of 2,000 samples none is larger: the chance is about 1e-4 for each."""
    rng = np.random.default_rng(0)
    sizes = rng.geometric(0.4, 300)
    units = Units(np.repeat(np.arange(300), sizes))
    most = units.most_rows(0.1, 4)
    drawn = [np.minimum(sizes[rng.random(300) < 0.1], 4).sum() for _ in range(2000)]
    assert max(drawn) <= most < 2.5 * np.mean(drawn)


@pytest.mark.parametrize(
    "ids",
    [
        [7, 7, 9],
        ["7", "7", "9"],
        [b"7", b"7", b"9"],
        np.array([7.0, 7.0, 9.0]),
        np.array([[7], [7], [9]]),
        pd.Series(["7", "7", "9"], index=[5, 6, 7]),
        pd.Categorical(["7", "7", "9"]),
        pd.DataFrame({"who": ["7", "7", "9"]}),
        pd.to_datetime(["2020-01-01", "2020-01-01", "2021-01-01"]),
    ],
    ids=lambda ids: type(ids).__name__,
)
def test_names_of_any_kind(ids):
    assert Units(ids).sizes.tolist() == [2, 1]


MISSING = [
    *(["a", None, "b"], ["a", float("nan"), "b"], ["a", "", "b"], ["a", " ", "b"]),
    *(["a", "NaN", "b"], ["a", "None", "b"], ["a", "NA", "b"], ["a", "<NA>", "b"]),
    *(["a", "unknown", "b"], [b"a", b"nan", b"b"], [1, np.nan, 2], [1, pd.NA, 2]),
    *(["a", "#N/A", "b"], ["a", "missing", "b"], [10**30, Decimal("NaN"), 1]),
    *(np.array([1.0, np.nan, 2.0]), np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])),
    *(pd.Series(["a", None, "b"]), pd.Series([1, None, 2], dtype="Int64")),
    pd.Categorical(["a", None, "b"]),
    pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
    pd.Series(["a", np.nan, "b"]).astype(str),
    pd.Series(["a", np.nan, "b"]).tolist(),
    tf.constant(["a", "nan", "b"]),
]


@pytest.mark.parametrize("ids", MISSING, ids=str)
def test_an_example_of_no_known_unit_is_refused(ids):
    with pytest.raises(
        ValueError, match="unit of 1 examples is missing, of the rows 1"
    ):
        Units(ids)


def test_some_of_many_missing_ones_are_named():
    with pytest.raises(
        ValueError, match="of 4 examples is missing, of the rows 0, 2, 3"
    ):
        Units(["", "a", "", "", ""])


@pytest.mark.parametrize(
    "ids",
    [
        ["a", "a ", " a", "\ta\n", "a\u00a0", "a\u200b", "\ufeffa", b"a"],
        ["\u00e9", "e\u0301", "\u00e9".encode(), "e\u0301 "],
        tf.constant(["\u00e9", "e\u0301"]),
        np.array([np.int64(7), 7, np.int32(7), 7.0], object),
        np.array([0.0, -0.0]),
        [10**30, 10**30],
        ["a", "a\0", b"a\0\0"],
    ],
    ids=str,
)
def test_one_unit_has_one_name_however_it_is_written(ids):
    assert Units(ids).count == 1


@given(st.lists(st.text(), min_size=1, max_size=8), st.sampled_from(["", " ", "\n"]))
def test_any_text_is_a_name_or_refused(names, blank):
    padded = [f"{blank}{name}{blank}" for name in names]
    with contextlib.suppress(ValueError):  # of some that say that there is none
        one = Units(names)
        assert one.is_like(Units(padded))
        return
    with pytest.raises(ValueError, match="missing"):
        Units(padded)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], r"units must be \(n,\).*Received: none"),
        (np.zeros((3, 2)), r"units must be \(n,\).*shape \(3, 2\)"),
        (np.zeros(()), r"units must be \(n,\)"),
        (np.zeros(3, [("a", int)]), r"units must be \(n,\)"),
        ("patient", r"units must be \(n,\).*str"),
        (7, r"units must be \(n,\).*int"),
        ({"a"}, r"units must be \(n,\).*set"),
        ({"a": 1, "b": 2}, r"units must be \(n,\).*dict"),
        (bytearray(b"ab"), r"units must be \(n,\).*bytearray"),
        (pd.DataFrame({"a": [1], "b": [2]}), r"units must be \(n,\).*shape \(1, 2\)"),
        ([("a", 1), ("a", 2)], "tuple. Join what names a unit into one text"),
        ([("a",), ("a", 2)], "Join what names a unit"),
        ([{"a": 1}], "Join what names a unit"),
        ([["a"], ["b"]], "Join what names a unit"),
        (pd.MultiIndex.from_tuples([("a", 1), ("b", 2)]), "Join what names a unit"),
        ([b"\xff\xfe"], "bytes that are no text in UTF-8"),
        ([7, "7"], "several types: number, text"),
        (["7", 7, "a"], "several types: number, text"),
    ],
    ids=str,
)
def test_what_names_no_unit_is_refused(ids, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        Units(ids)


def test_the_same_units_are_alike_and_no_others():
    one = Units(["a", "b", "b"])
    assert one.is_like(Units(["b", "a", "b"]))
    assert not one.is_like(Units(["a", "a", "b"]))
    assert not one.is_like(Units(["a", "c", "c"]))


@given(SIZES, st.booleans(), st.integers(0, 2**32 - 1))
def test_sums_and_padding(sizes, is_compiled, seed):
    of = groups(sizes, is_compiled=is_compiled)
    values = np.random.default_rng(seed).normal(size=(sum(sizes), 2, 3))
    values = tf.constant(values, tf.float32)
    expected = [values.numpy()[part].sum(0) for part in parts(sizes)]
    np.testing.assert_allclose(of.sums(values), expected, rtol=1e-5, atol=1e-5)
    padded = of.padded(values).numpy()
    assert padded.shape == (len(sizes), max(sizes), 2, 3)
    for one, part in zip(padded, parts(sizes), strict=True):
        own = values.numpy()[part]
        np.testing.assert_array_equal(one[: len(own)], own)
        assert not one[len(own) :].any()
    assert of.units.numpy().tolist() == np.repeat(np.arange(len(sizes)), sizes).tolist()


def test_what_is_not_finite_stays_in_its_unit():
    values = tf.constant([[np.nan], [1.0], [np.inf], [2.0], [3.0]])
    of = groups([1, 2, 2])
    padded = of.padded(values).numpy()[..., 0]
    np.testing.assert_array_equal(padded, [[np.nan, 0], [1, np.inf], [2, 3]])
    np.testing.assert_array_equal(of.sums(values)[:, 0], [np.nan, np.inf, 5])


@given(SIZES, st.data())
def test_a_part_has_whole_units(sizes, data):
    of, first = groups(sizes), data.draw(st.integers(0, len(sizes) - 1))
    last = data.draw(st.integers(first + 1, len(sizes)))
    np.testing.assert_array_equal(of.part(first, last).sizes, sizes[first:last])
    units = of.part(first, last).units.numpy()
    assert units.tolist() == np.repeat(range(last - first), sizes[first:last]).tolist()

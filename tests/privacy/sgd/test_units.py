"""Units with several examples: which are drawn, and how they are grouped."""

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
        pd.to_datetime(["2020-01-01", "2020-01-01", "2021-01-01"]),
    ],
    ids=lambda ids: type(ids).__name__,
)
def test_names_of_any_kind(ids):
    assert Units(ids).sizes.tolist() == [2, 1]


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], r"units must be \(n,\).*shape \(0,\)"),
        (np.zeros((3, 2)), r"units must be \(n,\).*shape \(3, 2\)"),
        ("patient", r"units must be \(n,\)"),
        (["a", None, "b"], "unit of 1 examples is missing, of the rows 1"),
        ([1.0, np.nan], "unit of 1 examples is missing"),
        (["", "a", "", "", ""], "of 4 examples is missing, of the rows 0, 2, 3 and"),
        (np.array([7, "7"], object), "several types: int, str"),
    ],
)
def test_units_that_cannot_be_known_are_refused(ids, message):
    with pytest.raises(ValueError, match=message):
        Units(ids)


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

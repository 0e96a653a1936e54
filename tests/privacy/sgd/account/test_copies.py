"""Equal examples are counted, against a count by hand."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.privacy.sgd.account.copies import copies, have_common


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1))
def test_copies_are_counted(examples):
    x = np.array([[a] * 300 for a, _ in examples], np.float32)
    counts = Counter(examples)
    result = copies((x, np.array([b for _, b in examples]), None))
    if max(counts.values()) == 1:
        assert result is None
    else:
        assert result == (len(examples), len(counts), max(counts.values()))


@pytest.mark.parametrize("dtype", [np.uint8, np.float64, bool, str, object])
def test_all_kinds_of_arrays(dtype):
    x = np.array([[1, 0], [0, 1], [1, 0]]).astype(dtype)
    assert copies(x) == (3, 2, 2)
    assert copies(x, 2) is None


class Held:
    """An array of another package, of which Keras asks no more."""

    def __init__(self, array):
        self.array, self.shape, self.ndim = array, array.shape, array.ndim

    def __array__(self, dtype=None, copy=None):
        return self.array


@pytest.mark.parametrize("kind", [tf.constant, pd.DataFrame, Held])
def test_arrays_of_other_packages(kind):
    x = kind(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]))
    assert copies(x) == (3, 2, 2)
    assert have_common(x, np.array([[5.0, 5.0], [0.0, 1.0]]))
    assert not have_common(x, np.array([[5.0, 5.0]]))


def test_arrays_of_torch():
    torch = pytest.importorskip("torch")
    x = torch.tensor([[1.0], [1.0]], requires_grad=True)
    assert copies(x) == (2, 1, 2)


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(5, 15)))
def test_common_examples_are_found(one, other):
    x, y = (
        np.repeat(np.array(n, np.float32), 300).reshape(-1, 300) for n in (one, other)
    )
    assert have_common({"a": x}, {"a": y.astype(int)}) == bool({*one} & {*other})


@pytest.mark.parametrize(
    "other", [np.ones((2, 3)), np.array([["a", "b"]]), np.zeros((0, 2))]
)
def test_examples_of_other_kinds_are_not_common(other):
    assert have_common(np.ones((2, 2)), other) is False
    assert have_common(other, np.ones((2, 2))) is False
    assert have_common(np.ones((2, 2)), iter(())) is None


def test_examples_that_differ_in_one_element_of_many():
    x = np.zeros((5, 50, 50))
    x[np.arange(4), 7, np.arange(4)] = 1
    assert copies(x) is None
    x[4] = x[3]
    assert copies(x) == (5, 4, 2)

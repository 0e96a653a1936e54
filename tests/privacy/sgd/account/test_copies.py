"""Equal examples are counted, against a count by hand."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfrwc.privacy.sgd.account.copies import copies


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


def test_examples_that_differ_in_one_element_of_many():
    x = np.zeros((5, 50, 50))
    x[np.arange(4), 7, np.arange(4)] = 1
    assert copies(x) is None
    x[4] = x[3]
    assert copies(x) == (5, 4, 2)

"""Digests tell weights that are the same from others."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

from tfrwc.recording.digests import differ, digests


@settings(deadline=None, max_examples=60)
@given(
    array_shapes(min_dims=0, max_dims=4, max_side=6),
    st.sampled_from(["float16", "float32", "float64"]),
    st.booleans(),
    st.integers(0, 1000),
)
def test_any_change_shows(shape, dtype, on_device, seed):
    rng = np.random.default_rng(seed)
    array = rng.normal(size=shape).astype(dtype)
    array[rng.random(shape) < 0.1] = np.nan
    other = array.copy()
    place = tuple(rng.integers(n) for n in shape)
    other[place] = np.nextafter(other[place], np.array(9, dtype))
    if np.isnan(array[place]):
        other[place] = 1

    def of(a):
        return digests([keras.ops.convert_to_tensor(a) if on_device else a])

    assert not differ(of(array), of(array.copy()))
    assert differ(of(array), of(other))


@pytest.mark.parametrize("axis", [0, 1])
def test_the_order_of_units_shows(axis):
    array = np.random.default_rng(0).normal(size=(5, 7)).astype("float32")
    assert differ(digests([array]), digests([np.flip(array, axis)]))

"""What the weights of a convolution kernel see."""

import keras
import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfrwc.privacy.sgd.patches import patches

RNG = np.random.default_rng(0)


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(3, 8), st.integers(3, 8)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    channels=st.integers(1, 3),
)
def test_patches_are_what_a_convolution_sees(size, kernel, strides, padding, channels):
    a = RNG.normal(size=(2, *size, channels)).astype(np.float32)
    weights = RNG.normal(size=(*kernel, channels, 4)).astype(np.float32)
    seen = patches(tf.constant(a), kernel, (strides, strides), (1, 1), padding)
    flat = weights.reshape(-1, channels, 4)
    outputs = sum(patch.numpy() @ w for patch, w in zip(seen, flat, strict=True))
    expected = keras.ops.conv(a, weights, strides, padding, "channels_last")
    np.testing.assert_allclose(
        outputs.reshape(expected.shape), expected, rtol=1e-4, atol=1e-4
    )

"""What the weights of a convolution kernel see."""

import keras
import numpy as np
import tensorflow as tf
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tfrwc.privacy.sgd.patches import grams, patches, spread

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


@settings(max_examples=40, deadline=None)
@given(
    size=st.lists(st.integers(3, 6), min_size=1, max_size=3),
    kernel=st.integers(1, 3),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.sampled_from(["same", "valid", "causal"]),
    channels=st.integers(1, 3),
)
def test_grams_are_those_of_the_patches(
    size, kernel, stride, dilation, padding, channels
):
    assume(padding != "causal" or len(size) == 1)
    assume(padding == "same" or (kernel - 1) * dilation < min(size))
    a = tf.constant(RNG.normal(size=(2, *size, channels)).astype(np.float32))
    geometry = (
        *((n,) * len(size) for n in (kernel, stride, dilation)),
        padding,
    )
    seen = np.concatenate(patches(a, *geometry), axis=-1)
    expected = seen @ seen.swapaxes(1, 2)
    np.testing.assert_allclose(grams(a, *geometry), expected, rtol=1e-4, atol=1e-4)
    assert spread(a, *geometry) >= seen.shape[1]

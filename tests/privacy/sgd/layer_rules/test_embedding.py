"""Embeddings, whose inputs are no real numbers."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from privacy.sgd.oracles import RNG, fast, squared


def embedded():
    return keras.Sequential(
        [layers.Input((5,), dtype="int32"), layers.Embedding(6, 3), layers.Flatten()]
    )


def test_an_example_that_is_not_finite_is_left_out():
    model = embedded()
    ids = RNG.integers(0, 6, (4, 5)).astype(np.int32)

    def but_the_first(outputs):
        return squared(outputs) * tf.constant([np.nan, 1.0, 1.0, 1.0])

    [sums], _ = fast(model, ids, 0.5, losses=but_the_first)
    [expected], _ = fast(model, ids[1:], 0.5)
    np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-6)


def test_equal_views_are_as_one():
    model = embedded()
    ids = RNG.integers(0, 6, (4, 5)).astype(np.int32)
    [sums], _ = fast(model, np.repeat(ids, 2, axis=0), 0.5, views=2)
    [expected], _ = fast(model, ids, 0.5)
    np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-6)

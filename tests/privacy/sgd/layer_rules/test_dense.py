"""Dense layers that are shared, in attention, and on inputs of unknown lengths."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.oracles import check, images

from tfrwc.privacy.sgd import clipping


class Shared(keras.Model):
    """One dense layer used twice, and an attention over its outputs."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, "tanh")
        self.attention = layers.MultiHeadAttention(2, 3)
        self.norm = layers.LayerNormalization()

    def call(self, x):
        x = self.dense(self.dense(x))
        return self.norm(x + self.attention(x, x))


def test_shared_layers_and_attention():
    model = Shared()
    model(images(5, 4))
    check(model, images(5, 4))


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("shape", [(6, 4), (2, 3, 4), (40, 4)])
def test_lengths_may_be_unknown(shape, views):
    model = keras.Sequential([layers.Input((*[None] * (len(shape) - 1), 4))])
    model.add(layers.Dense(3, "tanh"))
    prepared = clipping.prepare(model)

    def losses(outputs):
        return tf.reduce_sum(tf.square(outputs), range(1, len(shape) + 1))

    def sums(x):
        return clipping.clipped_sums(prepared, losses, x, 0.5, views, False)

    x = np.repeat(images(*shape), views, axis=0)
    unknown = tf.TensorSpec((None, *[None] * (len(shape) - 1), 4))
    one = tf.function(sums, autograph=False)(tf.constant(x))
    other = tf.function(sums, [unknown], autograph=False)(tf.constant(x))
    np.testing.assert_allclose(other.norms, one.norms, rtol=1e-5)
    for variable in model.trainable_variables:
        np.testing.assert_allclose(
            other.sums[id(variable)], one.sums[id(variable)], rtol=1e-4, atol=1e-6
        )

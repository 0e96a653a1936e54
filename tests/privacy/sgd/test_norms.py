"""Norms are never told too small, whatever the numbers are: or clipping bounds less."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import slow_but
from keras import layers, ops
from privacy.sgd.oracles import traced

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
RNG = np.random.default_rng(0)


def added(model, x, clip, losses):
    """Norm of what each example alone adds to a sum, over the clip."""
    norms, alone = [], traced(model, x[:1], clip, losses)
    for i in range(len(x)):
        sums, _ = alone(x[i : i + 1])
        norms.append(np.sqrt(sum(np.sum(s.astype(np.float64) ** 2) for s in sums)))
    return np.array(norms) / clip


def label_one(outputs):
    labels = tf.ones(tf.shape(outputs)[0], tf.int32)
    return keras.losses.sparse_categorical_crossentropy(labels, outputs, True)


class Centred(keras.Layer):
    """Takes away what all positions have in common, but for a rest: their gradients
    cancel."""

    def __init__(self, rest=0.0):
        super().__init__()
        self.rest = rest

    def call(self, x):
        mean = ops.mean(x, axis=range(1, len(x.shape) - 1), keepdims=True)
        return x - (1 - self.rest) * mean


def of(shape, *hidden, dtype="float32"):
    ends = [layers.Activation("tanh"), layers.Flatten(), layers.Dense(2)]
    return keras.Sequential([layers.Input(shape, dtype=dtype), *hidden, *ends])


CANCELLING = {
    "dense": lambda: of((8, 16), layers.Dense(32), Centred()),
    "convolution": lambda: of((6, 6, 3), layers.Conv2D(16, 3), Centred()),
    "convolution, normalised": lambda: of(
        (6, 6, 3), layers.Conv2D(16, 3), layers.GroupNormalization(4)
    ),
}


@pytest.mark.parametrize("spread", slow_but([1e-3, 1e-5], [1e-2, 1e-3, 1e-4, 1e-5]))
@pytest.mark.parametrize("name", CANCELLING)
def test_of_images_that_hardly_vary(name, spread):
    """Large terms cancel, and what is left of them in 32 bits is rounding."""
    keras.utils.set_random_seed(0)
    model = CANCELLING[name]()
    x = 200 * (1 + spread * RNG.normal(size=(4, *model.input_shape[1:])))
    assert added(model, x.astype(np.float32), 1e-3, label_one).max() <= 1.0001


@pytest.mark.parametrize("rest", [0.0, 1e-3, 3e-4, 1e-4])
def test_of_one_token_many_times(rest):
    """What is left of the terms is as large as their rounding."""
    keras.utils.set_random_seed(0)
    model = of((24,), layers.Embedding(9, 8), Centred(rest), dtype="int32")
    model.layers[-1].trainable = False  # whose gradient would be larger by far
    x = np.repeat(np.arange(8, dtype=np.int32)[:, None], 24, axis=1)
    x[0, -1] = 8
    assert added(model, x, 1e-7, label_one).max() <= 1.0001


@pytest.mark.parametrize("shape", [(1000,), (4, 250)])
@pytest.mark.parametrize("size", [1e12, 1e15, 1e17])
def test_of_gradients_whose_squares_are_lost(shape, size):
    """Huge inputs and tiny gradients of the outputs, with squares below 2^-126."""
    model = keras.Sequential([layers.Input(shape), layers.Dense(100)])
    x = np.full((1, *shape), size, np.float32)
    for factor in (1e-18, 1e-19, 1e-20, 1e-22):

        def losses(outputs, factor=factor):
            return factor * tf.reduce_sum(tf.reshape(outputs, (1, -1)), axis=1)

        assert added(model, x, 1e-3, losses).max() <= 1.0001

"""Layers without a rule whose outputs are made of one another, or of logits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import slow_but
from keras import layers, ops
from privacy.sgd.oracles import check, images
from privacy.sgd.steps import (
    assert_equal_steps,
    by_fit,
    clipped_step,
    norms_of,
    one_by_one,
    private,
)

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")


class OfOneAnother(layers.Layer):
    """One output is there twice, and in a third; the fourth is of whole numbers."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")

    def call(self, x):
        h = x @ self.kernel
        return h, h, ops.tanh(h), ops.argmax(h, axis=-1, keepdims=True)


def test_outputs_of_one_another():
    inputs = layers.Input((4,))
    *parts, which = OfOneAnother()(layers.Dense(4)(inputs))
    parts = [(i + 1) * part for i, part in enumerate(parts)]
    parts += [layers.Embedding(3, 2)(which)[:, 0]]
    check(keras.Model(inputs, layers.Concatenate()(parts)), images(4))


@pytest.mark.parametrize(
    "layer", slow_but([layers.LSTM], [layers.GRU, layers.LSTM, layers.SimpleRNN])
)
def test_states_that_are_returned(layer):
    inputs = layers.Input((3, 2))
    x, *state = layer(3, return_state=True)(inputs)
    again = layer(3)(inputs, initial_state=state)
    outputs = layers.Concatenate()([x, *state, again])
    check(keras.Model(inputs, outputs), images(3, 2))


class Head(layers.Layer):
    """Ends in an activation."""

    def __init__(self, activation):
        super().__init__()
        self.activation = activation

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 3), name="kernel")

    def call(self, x):
        return self.activation(x @ self.kernel)


@pytest.mark.parametrize(
    ("activation", "size", "eagerly"),
    [
        (ops.softmax, 300.0, False),
        (tf.nn.softmax, 300.0, False),
        (keras.activations.softmax, 300.0, False),
        # Without a graph Keras knows the logits of its own activation alone.
        (keras.activations.softmax, 300.0, True),
        (keras.activations.softmax, 1.0, False),
        pytest.param(ops.softmax, 1.0, False, marks=pytest.mark.slow),
        pytest.param(tf.nn.softmax, 1.0, False, marks=pytest.mark.slow),
        pytest.param(keras.activations.softmax, 1.0, True, marks=pytest.mark.slow),
    ],
)
def test_probabilities_have_the_gradients_of_their_logits(activation, size, eagerly):
    """As Keras' cross-entropy takes them, also where they are 0 and 1."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((6,)), layers.Dense(4), Head(activation)])
    x = size * images(6)
    # What is right beyond doubt has no gradient: all are wrong.
    y = np.argmin(model.predict(x, verbose=0), axis=1)
    loss = keras.losses.SparseCategoricalCrossentropy()
    gradients = one_by_one(model, x, y, loss)
    clip = float(np.median(norms_of(gradients)))
    changes = by_fit(private(model, 5, clip), x, y, loss, run_eagerly=eagerly)
    assert_equal_steps(changes, clipped_step(gradients, clip))

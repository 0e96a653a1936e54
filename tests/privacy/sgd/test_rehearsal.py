"""What only a step on made-up data shows."""

import keras
import pytest
from keras import layers, ops
from privacy.sgd.small import refused, small


def over_the_batch(y, outputs):
    """A loss that compares each example with the mean of all."""
    centred = outputs - ops.mean(outputs, axis=0, keepdims=True)
    return ops.mean(centred**2, axis=-1)


def one_number(y, outputs):
    return ops.max(outputs) + ops.mean(outputs)


@pytest.mark.parametrize("bad", [over_the_batch, one_number])
def test_losses_over_the_batch(bad):
    refused("mean or the sum of the losses of single", loss=bad, fit=True)


class Mixing(keras.Layer):
    def call(self, x):
        return x - ops.mean(x, axis=0, keepdims=True)


class Counting(keras.Layer):
    """Keeps a mean of its inputs, as batch normalisation does."""

    def build(self, shape):
        self.mean = self.add_weight(shape=(), trainable=False, name="mean")

    def call(self, x, training=None):
        if training:
            self.mean.assign(0.9 * self.mean + 0.1 * ops.mean(x))
        return x


class Penalising(keras.Layer):
    def call(self, x):
        self.add_loss(ops.mean(x))
        return x


class Tied(keras.Layer):
    """Uses the weight of a layer that it owns without calling that layer."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x) + ops.matmul(x, ops.transpose(self.dense.kernel))


@pytest.mark.parametrize(
    ("layer", "match"),
    [
        (Mixing(), "some layer mixes them"),
        (Counting(), "changes its state"),
        (Penalising(), "add_loss"),
        (layers.ActivityRegularization(l2=0.1), "activity_regularizer"),
        (Tied(), "do not add up"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, keras.Layer) else "",
)
def test_layers_that_break_the_guarantee(layer, match):
    refused(match, small(layer), fit=True)

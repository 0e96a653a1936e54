"""Models that are built within the first step of `fit`, or never as a whole."""

import keras
import pytest
import tensorflow as tf
from keras import layers
from recording.networks import compiled, fit

from tfrwc import RWCCallback


def test_a_model_that_cannot_be_built_from_shapes_says_what_to_do():
    class Picky(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            if x.shape[0] is None:
                raise RuntimeError("I want to know the batch size")
            return self.dense(x)

    with pytest.raises(
        ValueError, match=r"(?s)could not be built.*call the model on one"
    ):
        fit(compiled(Picky()), RWCCallback(), n=63)


def test_a_model_without_call_is_recorded_through_its_parts():
    class Adversaries(keras.Model):
        def __init__(self):
            super().__init__()
            self.one = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
            self.two = keras.Sequential([layers.Input((4,)), layers.Dense(2)])

        def train_step(self, batch):
            x, y = batch
            with tf.GradientTape() as tape:
                loss = keras.ops.mean((self.one(x) - self.two(x) - y) ** 2)
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    callback = RWCCallback()
    fit(compiled(Adversaries(), metrics=None), callback)
    values = callback.recording.values()
    assert values.shape == (3, 2)
    assert (values > 0).all()

"""Models that are built within the first step of `fit`, or never as a whole."""

import keras
import pytest
import tensorflow as tf
from keras import layers
from recording.networks import compiled, data, fit

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


class OfFour(keras.Model):
    """Its step takes four parts, of which Keras knows no inputs."""

    def __init__(self):
        super().__init__()
        self.dense, self.unused = layers.Dense(2), layers.Dense(3)

    def call(self, x):
        return self.dense(x)

    def train_step(self, batch):
        _, x, y, weight = batch
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(weight * (self(x, training=True) - y) ** 2)
        weights = self.trainable_variables
        self.optimizer.apply(tape.gradient(loss, weights), weights)
        return {"loss": loss}


def in_four(n=64):
    x, y = data(n)
    parts = (tf.range(n), x, y, tf.ones((n, 1)))
    return tf.data.Dataset.from_tensor_slices(parts).batch(16)


def test_data_in_parts_of_ones_own_need_a_built_model():
    model, callback = compiled(OfFour(), metrics=None), RWCCallback()
    with pytest.raises(
        ValueError, match=r"(?s)could not be built.*call the model on one"
    ):
        model.fit(in_four(), verbose=0, shuffle=False, callbacks=[callback])


@pytest.mark.filterwarnings("ignore:`build..` was called on layer")
@pytest.mark.parametrize("every", ["epoch", 1])
def test_a_layer_that_is_never_called_stops_no_training(every):
    model, callback = compiled(OfFour(), metrics=None), RWCCallback(every=every)
    model(data()[0])
    model.fit(in_four(), epochs=2, verbose=0, shuffle=False, callbacks=[callback])
    assert callback.recording.steps[-1] == 8
    assert (callback.recording.values() > 0).all()

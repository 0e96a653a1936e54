"""Clipped sums of per-example gradients of whole models."""

import keras
import numpy as np
import pytest
from keras import layers
from privacy.sgd.oracles import by_the_query, check, fast, images, of_layer


class Scaled(keras.Model):
    """A model with a weight of its own beside its layers."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, "tanh")

    def build(self, shape):
        self.scale = self.add_weight(shape=(3,), initializer="ones", name="scale")
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x) * self.scale


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
def test_a_model_with_weights_of_its_own():
    model = Scaled()
    model(images(4))
    check(model, images(4))


class Repeated(keras.Layer):
    """Owns a layer, and calls it twice."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, "tanh")

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(self.dense(x) + x)


def test_a_layer_called_twice_within_another():
    check(of_layer(Repeated(), (4,)), images(4))
    check(of_layer(Repeated(), (3, 4)), images(3, 4))


def test_agrees_with_the_query_of_tensorflow_privacy():
    model = keras.Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(3, 3, 2), layers.GroupNormalization(1)]
    )
    x = images(6, 6, 2)
    sums, norms = fast(model, x, 1.0)
    assert (norms > 1).any()
    for total, expected in zip(sums, by_the_query(model, x, 1.0), strict=True):
        np.testing.assert_allclose(total, expected, rtol=1e-4, atol=1e-5)


def test_frozen_weights_are_left_out():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.layers[0].trainable = False
    model.layers[1].bias.trainable = False
    check(model, images(4))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_an_example_that_is_not_finite_adds_nothing(bad):
    model = keras.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(3, 3),
            layers.GroupNormalization(1),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    x = images(6, 6, 1)
    good = fast(model, x[1:], 1.0)[0]
    x[0] = bad
    sums, norms = fast(model, x, 1.0)
    if not np.isfinite(norms[0]):
        for one, other in zip(sums, good, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert all(np.isfinite(s).all() for s in sums)


def test_what_an_example_adds_stays_within_the_clip():
    model = of_layer(layers.Dense(3), (4,))
    x = images(4) * 100
    whole = fast(model, x, 0.7)[0]
    rest = fast(model, x[1:], 0.7)[0]
    added = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(whole, rest, strict=True)))
    assert added == pytest.approx(0.7, rel=1e-4)


def test_layers_are_as_they_were_afterwards():
    model = of_layer(layers.Dense(3, "relu"), (4,))
    fast(model, images(4), 1.0)
    assert "call" not in vars(model.layers[0])
    assert model.layers[0].activation is keras.activations.relu

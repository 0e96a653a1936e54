"""Layers inside others that are called on something else than the examples."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from privacy.sgd.oracles import check, images

from tfrwc.privacy.sgd import clipping

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
]


class Places(layers.Layer):
    """Adds embeddings of positions.

    Args:
        axis: whether the positions have an axis in front.
    """

    def __init__(self, axis=False, length=6):
        super().__init__()
        self.embedding = layers.Embedding(length, 4)
        self.axis, self.length = axis, length

    def call(self, x):
        places = ops.arange(self.length)
        return x + self.embedding(places[None] if self.axis else places)


class Windows(layers.Layer):
    """Calls a dense layer on parts of the examples as rows."""

    def __init__(self):
        super().__init__()
        self.dense, self.dropout = layers.Dense(4, "tanh"), layers.Dropout(0.0)

    def call(self, x):
        parts = ops.reshape(x, (-1, 3, 4))
        return ops.reshape(self.dropout(self.dense(parts)), (-1, 6, 4))


class Whole(keras.Model):
    """Calls such layers itself."""

    def __init__(self):
        super().__init__()
        self.places = layers.Embedding(6, 4)
        self.dense = layers.Dense(3)

    def call(self, x):
        return self.dense(ops.tanh(x + self.places(ops.arange(6))))


class Scaled(layers.Layer):
    """Takes a second tensor that is no example's."""

    def build(self, *shapes):
        self.factor = self.add_weight(shape=(4,), name="factor")

    def call(self, x, table):
        return x * self.factor + table


class WithTable(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = Scaled()

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return self.inner(x, ops.ones((6, 4)))


MODELS = {
    "positions": lambda: _of(Places()),
    "positions with an axis": lambda: _of(Places(axis=True)),
    "as many positions as examples": lambda: _of(Places(length=3), (3, 4)),
    "nested": lambda: _of(keras.Sequential([Places(), layers.Dense(4)])),
    "windows": lambda: _of(Windows()),
    "in a model": Whole,
    "with a table": lambda: _of(WithTable()),
    "beside itself": lambda: _beside_itself(),
}


def _of(layer, shape=(6, 4)):
    dense = [layers.Dense(4), layer, layers.Dense(3)]
    return keras.Sequential([layers.Input(shape), *dense])


def _beside_itself():
    """The dense layer inside of one that is differentiated whole is called outside."""
    windows = Windows()
    inputs = layers.Input((6, 4))
    return keras.Model(inputs, windows(inputs) + windows.dense(inputs))


@pytest.mark.parametrize("name", MODELS)
def test_of(name):
    model = MODELS[name]()
    shape = (3, 4) if name == "as many positions as examples" else (6, 4)
    model(np.zeros((1, *shape), np.float32))
    check(model, images(*shape))


def test_layers_called_on_examples_keep_their_rules():
    model = _of(layers.Dense(4))
    prepared = clipping.prepare(model, tf.zeros((4, 6, 4)))
    assert [tapped.layer for tapped in prepared.layers] == model.layers
    model = _of(Places())
    prepared = clipping.prepare(model, tf.zeros((4, 6, 4)))
    assert [tapped.layer for tapped in prepared.layers] == model.layers

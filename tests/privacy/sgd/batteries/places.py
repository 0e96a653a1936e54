"""Where a layer stands in a model."""

import keras
from keras import layers


def first(layer):
    return keras.Sequential([layers.Input((6,)), layer, layers.Dense(2)])


def middle(layer):
    return keras.Sequential([layers.Input((6,)), layers.Dense(6), layer, *_end()])


def last(layer):
    return keras.Sequential([layers.Input((6,)), layers.Dense(6), layer])


def frozen(layer):
    part = keras.Sequential([layers.Input((6,)), layers.Dense(6), layer])
    part.trainable = False
    return keras.Sequential([layers.Input((6,)), part, *_end()])


def nested(layer):
    inner = keras.Sequential([layers.Input((6,)), layers.Dense(6), layer])
    inputs = layers.Input((6,))
    middle = keras.Model(inputs, inner(inputs))
    return keras.Sequential([layers.Input((6,)), middle, *_end()])


class Subclassed(keras.Model):
    def __init__(self, layer):
        super().__init__()
        self.before, self.parts, self.after = layers.Dense(6), [layer], layers.Dense(2)

    def call(self, x, training=None):
        x = self.before(x)
        for part in self.parts:
            x = part(x, training=training) if part._call_has_training_arg else part(x)
        return self.after(x)


def _end():
    return [layers.Activation("tanh"), layers.Dense(2)]


PLACES = {
    "first": first,
    "middle": middle,
    "last": last,
    "frozen": frozen,
    "nested": nested,
    "subclassed": Subclassed,
}

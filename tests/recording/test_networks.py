"""Depth in each connected network by itself."""

import keras
import numpy as np
from keras import layers

from tfrwc.recording.watch import watched


def dense(*units, features=4):
    stack = [layers.Dense(n) for n in units]
    return keras.Sequential([layers.Input((features,)), *stack])


def depths(model):
    return [tensor.depth for tensor in watched(model, "kernels")]


class Pair(keras.Model):
    """A generator and a critic, called in a train step alone."""

    def __init__(self):
        super().__init__()
        self.generator = dense(3, 4, 4)
        self.critic = dense(3, 1)

    def train_step(self, data):
        return {"loss": self.critic(self.generator(data))}


class Target(keras.Model):
    """A network, and a copy of it that its call does not name."""

    def __init__(self):
        super().__init__()
        self.online = dense(3, 2)
        self.target = dense(3, 2)

    def call(self, x):
        return self._value(x)

    def _value(self, x):
        return self.online(x)


class Encoder(Target):
    def call(self, x):
        return self.target(x) + self.online(x)


def test_models_called_in_a_train_step_alone_are_networks_by_themselves():
    assert depths(Pair()) == [0, 1, 2, 0, 1]


def test_what_a_call_does_not_name_is_a_network_by_itself():
    model = Target()
    model(np.zeros((1, 4), "float32"))
    assert depths(model) == [0, 1, 0, 1]
    model = Encoder()
    model(np.zeros((1, 4), "float32"))
    assert depths(model) == [0, 1, 2, 3]


def test_parts_of_a_graph_that_do_not_meet_are_networks():
    x, y = layers.Input((4,)), layers.Input((4,))
    left, right = dense(3, 2), dense(3, 3, 2)
    assert depths(keras.Model([x, y], [left(x), right(y)])) == [0, 1, 0, 1, 2]
    joined = layers.Dense(1)(left(x) + right(y))
    assert depths(keras.Model([x, y], joined)) == [0, 1, 2, 3, 4, 5]


def test_a_layer_that_both_share_joins_them():
    x, y, shared = layers.Input((4,)), layers.Input((4,)), layers.Dense(3)
    outputs = [layers.Dense(2)(shared(x)), layers.Dense(2)(shared(y))]
    assert depths(keras.Model([x, y], outputs)) == [0, 1, 2]

"""Depth in networks that are connected, and in those beside each other."""

import keras
import numpy as np
import pytest
from keras import layers

from tfrwc.recording.watch import tensors


def mlp():
    return keras.Sequential([layers.Input((4,)), layers.Dense(4), layers.Dense(4)])


class Pair(keras.Model):
    def __init__(self):
        super().__init__()
        self.one, self.other = mlp(), mlp()


class Gan(Pair):
    def train_step(self, data):
        return {}


class WithTarget(Pair):
    def call(self, x):
        return self.one(x)


class Towers(Pair):
    def call(self, x):
        return self.one(x) * self.other(x)


class ByGetattr(Pair):
    def call(self, x):
        return getattr(self, "o" + "ne")(x)


def two_graphs():
    a, b, relu = keras.Input((4,)), keras.Input((4,)), layers.ReLU()
    outputs = [layers.Dense(2)(relu(layers.Dense(3)(x))) for x in (a, b)]
    return keras.Model([a, b], outputs)


@pytest.mark.parametrize(
    ("make", "depths"),
    [
        (Gan, [0, 1, 0, 1]),
        (WithTarget, [0, 1, 0, 1]),
        (Towers, [0, 1, 2, 3]),
        (ByGetattr, [0, 1, 2, 3]),
        (two_graphs, [0, 0, 1, 1]),
    ],
)
def test_depth_is_of_the_network(make, depths):
    model = make()
    if make in (WithTarget, Towers, ByGetattr):
        model(np.zeros((1, 4), "float32"))
    assert [t.depth for t in tensors(model) if t.role.is_kernel] == depths

"""Which optimizers a model holds, and where."""

import keras
from keras import layers

from tfrwc.recording.optimizers import optimizers_of


def test_optimizers_are_found_wherever_a_model_holds_them():
    sgd = [keras.optimizers.SGD() for _ in range(7)]
    part = keras.Sequential([layers.Input((2,)), layers.Dense(2, name="inner")])
    part.compile(sgd[0])
    part.layers[0].own = sgd[1]
    model = keras.Sequential([layers.Input((2,)), layers.Dense(2), part])
    model.part = part
    model.compile(sgd[2])
    model.listed, model.named = [sgd[3], [sgd[4]]], {"a": sgd[5]}
    model._hidden = sgd[6]
    model.again = sgd[3]
    expected = {
        *("part.optimizer", "part.inner.own", "optimizer"),
        *("listed.1.0", "named.a", "_hidden", "again"),
    }
    assert set(optimizers_of(model)) == expected
    assert {id(o) for o in optimizers_of(model).values()} == set(map(id, sgd))


def test_a_layer_that_holds_itself_ends():
    layer = layers.Dense(2)
    layer.parent = [layer]
    assert optimizers_of(layer) == {}

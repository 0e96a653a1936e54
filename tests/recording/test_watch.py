"""Which tensors are watched, over the ways of building a model."""

import keras
import pytest
from keras import layers

from tfrwc.recording.watch import explain, tensors, watched


def sequential():
    return keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])


def functional():
    x = layers.Input((4,))
    left, right = layers.Dense(3, name="left")(x), layers.Dense(3, name="right")(x)
    return keras.Model(x, layers.Dense(2, name="out")(left + right))


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(3), layers.Dense(3)]
        self.out = layers.Dense(2)

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        return self.out(x)


def subclassed():
    model = Subclassed()
    model(keras.KerasTensor((None, 4)))
    return model


def nested():
    inner = keras.Sequential(
        [layers.Input((4,)), layers.Dense(3), layers.Dense(4)], name="inner"
    )
    x = layers.Input((4,))
    return keras.Model(x, layers.Dense(2)(inner(layers.Dense(4)(x))))


def shared():
    x, layer = layers.Input((4,)), layers.Dense(4, name="twice")
    return keras.Model(x, layers.Dense(2)(layer(layer(x))))


def wrapped():
    x = layers.Input((5, 4))
    y = layers.Bidirectional(layers.LSTM(3))(x)
    return keras.Model(x, layers.Dense(2)(y))


def attention():
    x = layers.Input((5, 4))
    y = layers.MultiHeadAttention(2, 3)(x, x)
    return keras.Model(x, layers.Dense(2)(y))


def convolutional():
    x = layers.Input((8, 8, 1))
    y = layers.Conv2D(4, 3)(x)
    y = layers.BatchNormalization()(y)
    y = layers.DepthwiseConv2D(3)(y)
    y = layers.Dropout(0.5)(y)
    return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling2D()(y)))


class OwnWeight(keras.Model):
    def __init__(self):
        super().__init__()
        self.table = self.add_weight(shape=(4, 2), name="table")
        self.count = self.add_weight(shape=(2, 2), trainable=False, name="count")

    def call(self, x):
        return x @ self.table


def own_weight():
    model = OwnWeight()
    model(keras.KerasTensor((None, 4)))
    return model


KERNELS = [
    (sequential, [(4, 3), (3, 2)], [0, 1]),
    (functional, [(4, 3), (4, 3), (3, 2)], [0, 1, 2]),
    (subclassed, [(4, 3), (3, 3), (3, 2)], [0, 1, 2]),
    (nested, [(4, 4), (4, 3), (3, 4), (4, 2)], [0, 1, 2, 3]),
    (shared, [(4, 4), (4, 2)], [0, 1]),
    (wrapped, [(4, 12), (3, 12), (4, 12), (3, 12), (6, 2)], [0, 0, 1, 1, 2]),
    (
        attention,
        [(4, 2, 3)] * 3 + [(2, 3, 4), (4, 2)],
        [0, 1, 2, 3, 4],
    ),
    (convolutional, [(3, 3, 1, 4), (3, 3, 4, 1), (4, 2)], [0, 1, 2]),
    (own_weight, [(4, 2)], [0]),
]


@pytest.mark.parametrize(("make", "shapes", "depths"), KERNELS)
def test_kernels(make, shapes, depths):
    chosen = watched(make(), "kernels")
    assert [tensor.shape for tensor in chosen] == shapes
    assert [tensor.depth for tensor in chosen] == depths


@pytest.mark.parametrize("make", [case[0] for case in KERNELS])
def test_every_weight_is_listed_once_with_a_reason(make):
    model = make()
    table = explain(model)
    weights = {id(weight): weight for weight in model.weights}
    assert len(table) == len(weights)
    assert table["name"].is_unique
    assert sorted(table["size"]) == sorted(
        int(keras.ops.size(weight)) for weight in weights.values()
    )
    assert table["watched"].sum() == len(watched(model, "kernels"))
    assert table["why"].str.len().min() > 0


def test_names_kinds_and_reasons():
    table = explain(convolutional()).set_index("name")
    assert table["kind"].tolist()[0] == "Conv2D"
    statistic = table[table["path"].str.endswith("moving_mean")].iloc[0]
    assert not statistic["watched"]
    assert "watch='all'" in statistic["why"]
    # A normalisation layer has the depth of the convolution before it.
    assert statistic["depth"] == 0


@pytest.mark.parametrize(
    ("watch", "count"),
    [
        ("kernels", 3),
        ("trainable", 8),
        ("all", 10),
        (r"conv2d.*/kernel", 2),
        (lambda variable: len(variable.shape) == 4, 2),
    ],
)
def test_choices(watch, count):
    assert len(watched(convolutional(), watch)) == count


def test_frozen_layers_stay_watched_but_statistics_do_not_become_trained():
    model = convolutional()
    before = [t.path for t in watched(model, "trainable")]
    model.trainable = False
    assert [t.path for t in watched(model, "trainable")] == before
    assert "frozen at present" in explain(model)["why"][0]


def test_whole_numbers_are_not_watched():
    class Counting(layers.Layer):
        def build(self, shape):
            self.counter = self.add_weight(
                shape=(2, 2), dtype="int32", initializer="ones"
            )

        def call(self, x):
            return x

    model = keras.Sequential([layers.Input((4,)), Counting(), layers.Dense(1)])
    table = explain(model, "all").set_index("kind")
    assert not table.loc["Counting", "watched"]
    assert "int32" in table.loc["Counting", "why"]


def test_nothing_watched_says_how_to_see_why():
    with pytest.raises(ValueError, match=r"selects none of the 4 weights.*explain"):
        watched(sequential(), "no such path")


def test_an_unbuilt_model_cannot_be_explained():
    with pytest.raises(ValueError, match=r"not built.*Call the model on one batch"):
        explain(keras.Sequential([layers.Dense(2)]))


@pytest.mark.parametrize("watch", ["(", 3, None])
def test_watch_must_be_understood(watch):
    with pytest.raises(ValueError, match="watch"):
        explain(sequential(), watch)


def test_repeated_names_are_told_apart():
    inner = [
        keras.Sequential([layers.Input((4,)), layers.Dense(4, name="same")])
        for _ in range(2)
    ]
    x = layers.Input((4,))
    names = [t.name for t in tensors(keras.Model(x, inner[1](inner[0](x))))]
    assert names == ["same/kernel", "same/bias", "same/kernel#2", "same/bias#2"]

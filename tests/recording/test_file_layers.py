"""Layers of weights files, against the tensors of the model that was saved."""

import inspect

import keras
import numpy as np
import pytest
from keras import layers

from tfrwc import Recording
from tfrwc.recording.watch import layer_table, watched

# Keras 3.12 has neither.
HAS_GATES = "use_gate" in inspect.signature(layers.MultiHeadAttention).parameters
RENORM = {"renorm": True} if hasattr(layers.BatchNormalization(), "renorm") else {}
SAME = ["name", "kind", "shape", "size", "depth"]


def functional(shape, function):
    x = layers.Input(shape)
    return keras.Model(x, function(x))


def chain(*stack, shape=(5, 4)):
    return keras.Sequential([layers.Input(shape), *stack])


def both_ways(x):
    forward = layers.LSTM(3, return_sequences=True)
    backward = layers.GRU(3, return_sequences=True, go_backwards=True)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    x = layers.Bidirectional(forward, backward_layer=backward)(x)
    return layers.Dense(2)(layers.Bidirectional(layers.GRU(3))(x))


def cells(x):
    stacked = [layers.LSTMCell(3), layers.GRUCell(2), layers.LSTMCell(3)]
    x = layers.RNN(stacked, return_sequences=True)(x)
    x = layers.RNN(layers.SimpleRNNCell(2), return_sequences=True)(x)
    x = layers.Bidirectional(layers.RNN([layers.GRUCell(3), layers.GRUCell(2)]))(x)
    return layers.Dense(2)(x)


def transformer(x):
    h = layers.LayerNormalization(axis=(1, 2))(x)
    x = x + layers.MultiHeadAttention(2, 3)(h, h)
    h = layers.LayerNormalization(scale=False)(x)
    x = x + layers.GroupQueryAttention(3, 2, 1)(h, h)
    h = layers.RMSNormalization()(x)
    return x + layers.Dense(4)(layers.PReLU()(layers.Dense(8)(h)))


def gated(x):
    gate = {"use_gate": True} if HAS_GATES else {}
    x = x + layers.MultiHeadAttention(2, 3, **gate)(x, x)
    return layers.Dense(2)(layers.GroupQueryAttention(3, 4, 2, **gate)(x, x))


def images(x):
    x = layers.Conv2D(3, 3, use_bias=False)(x)
    x = layers.BatchNormalization(scale=False)(x)
    x = layers.SpectralNormalization(layers.Conv2D(3, 1))(x)
    x = layers.SeparableConv2D(3, 3)(layers.DepthwiseConv2D(3)(x))
    x = layers.BatchNormalization(**RENORM)(layers.Conv2DTranspose(2, 3)(x))
    return layers.Dense(1)(layers.GlobalAveragePooling2D()(x))


def nested():
    inner = chain(*(layers.Dense(4, name="same") for _ in range(1)))
    other = functional((5, 4), lambda x: layers.Dense(4, name="same")(inner(x)))
    steps = layers.TimeDistributed(chain(layers.Dense(4), layers.Dense(4), shape=(4,)))
    shared = layers.Dense(4)
    return functional((5, 4), lambda x: shared(other(shared(inner(steps(x))))))


def parallel():
    x, y = layers.Input((4,), name="left"), layers.Input((4,), name="right")
    shared = layers.ReLU()  # which has no weights, and connects nothing
    left, right = shared(layers.Dense(3)(x)), shared(layers.Dense(3)(y))
    outputs = [layers.Dense(2)(left), layers.Dense(2)(right)]
    return keras.Model([x, y], outputs)


def tokens():
    x = layers.Input((5,), dtype="int32")
    h = layers.ReversibleEmbedding(7, 4, tie_weights=False)(x)
    h = h + layers.Embedding(7, 1)(x)
    return keras.Model(x, layers.EinsumDense("abc,cd->abd", (5, 3), bias_axes="bd")(h))


MODELS = {
    "both ways": lambda: functional((5, 4), both_ways),
    "cells": lambda: functional((5, 4), cells),
    "transformer": lambda: functional((5, 4), transformer),
    "gated": lambda: functional((5, 4), gated),
    "images": lambda: functional((9, 9, 2), images),
    "moving": lambda: chain(
        layers.ConvLSTM2D(2, 3), layers.Flatten(), layers.Dense(1), shape=(4, 6, 6, 2)
    ),
    "nested": nested,
    "parallel": parallel,
    "tokens": tokens,
    "eleven": lambda: chain(*(layers.Dense(4) for _ in range(11))),
}


def save(model, folder, suffix):
    """Two checkpoints, and the mean relative change of each weight by float64."""
    rng = np.random.default_rng(0)
    states = []
    for i in range(2):
        for variable in model.weights:
            if "float" in str(variable.dtype):
                variable.assign(rng.normal(size=variable.shape))
        states.append(
            {
                id(v): keras.ops.convert_to_numpy(v).astype(np.float64)
                for v in model.weights
            }
        )
        model.save(folder / f"{i}.keras")
        if suffix != ".keras":
            model.save_weights(folder / f"{i}{suffix}")
            (folder / f"{i}.keras").unlink()
    first, last = states
    return {
        key: np.abs(last[key] - first[key]).sum() / np.abs(first[key]).sum()
        for key in first
    }


@pytest.mark.parametrize("watch", ["kernels", "all"])
@pytest.mark.parametrize("name", MODELS)
def test_keras_files_tell_what_a_callback_does(name, watch, tmp_path):
    model = MODELS[name]()
    change = save(model, tmp_path, ".keras")
    chosen = watched(model, watch)
    alone = Recording.from_checkpoints(tmp_path, watch=watch)
    expected = layer_table(chosen)
    for column in SAME:
        assert alone.layers[column].tolist() == expected[column].tolist(), column
    values = [change[id(tensor.variable)] for tensor in chosen]
    np.testing.assert_allclose(alone.values()[0], values, rtol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_weights_alone_tell_no_order_and_nothing_wrong(name, tmp_path):
    model = MODELS[name]()
    change = save(model, tmp_path, ".weights.h5")
    alone = Recording.from_checkpoints(tmp_path)
    assert alone.layers["depth"].isna().all()
    chosen = watched(model, "kernels")
    kinds = {float(np.float32(change[id(t.variable)])): t.kind for t in chosen}
    values = alone.values()[0].tolist()
    assert len(values) == len(chosen)
    np.testing.assert_allclose(sorted(values), sorted(kinds), rtol=1e-5)
    for value, kind in zip(values, alone.layers["kind"], strict=True):
        nearest = min(kinds, key=lambda key: abs(key - value))
        assert kind in (kinds[nearest], "unknown")


class Block(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.second = layers.Dense(4)
        self.first = layers.Dense(4)

    def call(self, x):
        return self.second(self.first(x))


@pytest.mark.parametrize("is_functional", [True, False])
def test_what_comes_after_layers_of_others_has_no_depth(is_functional, tmp_path):
    stack = [layers.Dense(4), Block(), layers.Dense(2)]
    model = chain(*stack)
    if is_functional:
        model = functional((5, 4), lambda x: stack[2](stack[1](stack[0](x))))
    change = save(model, tmp_path, ".keras")
    alone = Recording.from_checkpoints(tmp_path)
    assert alone.layers["depth"].tolist()[0] == 0
    assert alone.layers["depth"].isna().tolist() == [False, True, True, True]
    assert alone.layers["kind"].tolist() == ["Dense", "unknown", "unknown", "Dense"]
    expected = [change[id(t.variable)] for t in watched(model, "kernels")]
    expected[1:3] = expected[2:0:-1]  # by path
    np.testing.assert_allclose(alone.values()[0], expected, rtol=1e-5)


def test_scales_of_convnext_are_known_although_their_weight_has_no_name(tmp_path):
    from keras.src.applications.convnext import LayerScale

    scale = LayerScale(0.1, 4, name="scale")
    model = functional((4,), lambda x: layers.Dense(2)(scale(layers.Dense(4)(x))))
    save(model, tmp_path, ".keras")
    assert Recording.from_checkpoints(tmp_path).layers["depth"].tolist() == [0, 1]
    names = Recording.from_checkpoints(tmp_path, watch="all").layers["name"]
    assert names.tolist()[2] == "scale/0"


def test_a_model_with_lora_has_its_factors_back(tmp_path):
    model = chain(layers.Dense(4), layers.Dense(2))
    model.layers[0].enable_lora(2)
    save(model, tmp_path, ".weights.h5")
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"no factors of LoRA.* Leave out `model`"):
        Recording.from_checkpoints(tmp_path, model=model)
    Recording.from_checkpoints(tmp_path, model=model, watch="bias")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_kernel_with_its_lora_factors_added_is_called_so(tmp_path):
    model = chain(layers.Dense(4, name="adapted"), layers.Dense(2, name="plain"))
    model.layers[0].enable_lora(2)
    save(model, tmp_path, ".keras")
    table = Recording.from_checkpoints(tmp_path).layers
    assert table["name"].tolist() == ["adapted/merged_kernel", "plain/kernel"]
    assert table["depth"].tolist() == [0, 1]

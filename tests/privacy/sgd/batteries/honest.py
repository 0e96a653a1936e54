"""Models that treat the examples one by one, by kinds of layers that peers list.

Opacus tests per-example gradients of linear layers, convolutions, embeddings, group,
instance and layer norms, recurrent layers and attention; tensorflow-privacy registers
dense, embedding, normalisation, attention and Einstein layers.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from privacy.sgd.batteries.case import Case, ids, of_layers, real, sequential

CONVOLUTIONS = {
    "conv 1d": of_layers(lambda: [layers.Conv1D(3, 3)], 8, 2),
    "conv 1d, causal": of_layers(lambda: [layers.Conv1D(3, 3, padding="causal")], 8, 2),
    "conv 1d, strides": of_layers(lambda: [layers.Conv1D(3, 3, 2)], 8, 2),
    "conv 1d, dilation": of_layers(
        lambda: [layers.Conv1D(3, 2, dilation_rate=2, padding="same")], 8, 2
    ),
    "conv 2d": of_layers(lambda: [layers.Conv2D(3, 3)], 6, 6, 2),
    "conv 2d, same": of_layers(lambda: [layers.Conv2D(3, 3, padding="same")], 6, 5, 2),
    "conv 2d, strides": of_layers(lambda: [layers.Conv2D(3, 3, 2)], 7, 6, 2),
    "conv 2d, no bias": of_layers(
        lambda: [layers.Conv2D(3, 2, use_bias=False)], 6, 6, 1
    ),
    "conv 3d": of_layers(lambda: [layers.Conv3D(2, 2)], 3, 4, 4, 1),
    "transposed 1d": of_layers(lambda: [layers.Conv1DTranspose(2, 3, 2)], 5, 2),
    "transposed 2d": of_layers(lambda: [layers.Conv2DTranspose(2, 3, 2)], 4, 4, 1),
    "depthwise 1d": of_layers(lambda: [layers.DepthwiseConv1D(3)], 7, 2),
    "depthwise 2d": of_layers(lambda: [layers.DepthwiseConv2D(3)], 6, 6, 2),
    "separable 1d": of_layers(lambda: [layers.SeparableConv1D(3, 3)], 7, 2),
    "separable 2d": of_layers(lambda: [layers.SeparableConv2D(3, 3)], 6, 6, 2),
    "pools": of_layers(
        lambda: [
            layers.Conv2D(3, 3),
            layers.MaxPooling2D(),
            layers.AveragePooling2D(2),
        ],
        9, 9, 1,
    ),
    "global pools": of_layers(
        lambda: [layers.Conv2D(3, 3), layers.GlobalMaxPooling2D()], 6, 6, 1
    ),
    "padding and cropping": of_layers(
        lambda: [
            layers.ZeroPadding2D(1),
            layers.Conv2D(3, 3),
            layers.Cropping2D(1),
            layers.UpSampling2D(2, interpolation="bilinear"),
        ],
        6, 6, 1,
    ),
}  # fmt: skip
DENSE = {
    "dense": of_layers(lambda: [layers.Dense(4, "relu")], 6),
    "dense of a sequence": of_layers(lambda: [layers.Dense(4, "gelu")], 5, 6),
    "dense of a grid": of_layers(lambda: [layers.Dense(4, "tanh")], 3, 4, 5),
    "einsum": of_layers(
        lambda: [layers.EinsumDense("abc,cd->abd", (5, 4), bias_axes="d")], 5, 3
    ),
    "prelu": of_layers(lambda: [layers.Dense(4), layers.PReLU()], 6),
    "activations": of_layers(
        lambda: [layers.Dense(4), layers.LeakyReLU(), layers.ELU(), layers.Softmax()], 6
    ),
    "time distributed": of_layers(
        lambda: [layers.TimeDistributed(layers.Dense(3))], 4, 3
    ),
    "lora": of_layers(lambda: [_lora()], 6),
    "maxout": of_layers(
        lambda: [layers.Dense(6), layers.Reshape((3, 2)), layers.MaxPooling1D(2)], 6
    ),
    "scaled inputs": of_layers(lambda: [layers.Rescaling(1 / 255), layers.Dense(3)], 6),
    "permuted": of_layers(
        lambda: [layers.Permute((2, 1)), layers.Dense(3), layers.RepeatVector(2)][:2],
        4, 3,
    ),
}  # fmt: skip
NORMALISATIONS = {
    "layer norm": of_layers(
        lambda: [layers.Dense(4), layers.LayerNormalization()], 6
    ),
    "layer norm, two axes": of_layers(
        lambda: [layers.LayerNormalization(axis=[1, 2])], 4, 3
    ),
    "rms norm": of_layers(lambda: [layers.Dense(4), layers.RMSNormalization()], 6),
    "group norm": of_layers(
        lambda: [layers.Conv2D(4, 3), layers.GroupNormalization(2)], 6, 6, 1
    ),
    "instance norm": of_layers(
        lambda: [layers.Conv2D(4, 3), layers.GroupNormalization(-1)], 6, 6, 1
    ),
    "instance norm 1d": of_layers(
        lambda: [layers.Conv1D(4, 3), layers.GroupNormalization(-1)], 8, 2
    ),
    "instance norm 3d": of_layers(
        lambda: [layers.Conv3D(2, 2), layers.GroupNormalization(-1)], 3, 4, 4, 1
    ),
    "unit norm": of_layers(lambda: [layers.Dense(4), layers.UnitNormalization()], 6),
    "frozen batch norm": of_layers(
        lambda: [layers.Dense(4), layers.BatchNormalization(trainable=False)], 6
    ),
    "known mean and variance": of_layers(
        lambda: [layers.Normalization(mean=0.5, variance=2.0), layers.Dense(3)], 6
    ),
}  # fmt: skip
RECURRENT = {
    "lstm": of_layers(lambda: [layers.LSTM(3)], 5, 2),
    "lstm of sequences": of_layers(
        lambda: [layers.LSTM(3, return_sequences=True)], 5, 2
    ),
    "gru": of_layers(lambda: [layers.GRU(3)], 5, 2),
    "simple rnn": of_layers(lambda: [layers.SimpleRNN(3)], 5, 2),
    "both directions": of_layers(lambda: [layers.Bidirectional(layers.LSTM(2))], 5, 2),
    "conv lstm": of_layers(lambda: [layers.ConvLSTM1D(2, 2)], 3, 5, 1),
    "stacked cells": of_layers(
        lambda: [layers.RNN([layers.GRUCell(2), layers.LSTMCell(2)])], 4, 2
    ),
    "masked steps": of_layers(lambda: [layers.Masking(), layers.LSTM(3)], 5, 2),
}  # fmt: skip
DRAWS = {
    "dropout": of_layers(lambda: [layers.Dense(8), layers.Dropout(0.5)], 6),
    "dropout first": of_layers(lambda: [layers.Dropout(0.5), layers.Dense(3)], 6),
    "dropout of some axes": of_layers(
        lambda: [layers.Dense(8), layers.Dropout(0.5, noise_shape=(None, 1, 8))], 4, 6
    ),
    "one dropout for all": of_layers(
        lambda: [layers.Dense(8), layers.Dropout(0.5, noise_shape=(1, 8))], 6
    ),
    "spatial dropout": of_layers(
        lambda: [layers.Conv2D(4, 3), layers.SpatialDropout2D(0.3)], 6, 6, 1
    ),
    "gaussian dropout": of_layers(
        lambda: [layers.Dense(8), layers.GaussianDropout(0.3)], 6
    ),
    "alpha dropout": of_layers(
        lambda: [layers.Dense(8, "selu"), layers.AlphaDropout(0.3)], 6
    ),
    "noise": of_layers(lambda: [layers.GaussianNoise(0.3), layers.Dense(3)], 6),
    "flips": of_layers(lambda: [layers.RandomFlip(), layers.Conv2D(3, 3)], 6, 6, 1),
    "rotations": of_layers(
        lambda: [layers.RandomRotation(0.1), layers.Conv2D(3, 3)], 6, 6, 1
    ),
    "translations and zooms": of_layers(
        lambda: [
            layers.RandomTranslation(0.2, 0.2),
            layers.RandomZoom(0.2),
            layers.Conv2D(3, 3),
        ],
        6, 6, 1,
    ),
    "contrast": of_layers(
        lambda: [layers.RandomContrast(0.3), layers.Conv2D(3, 3)], 6, 6, 3
    ),
    "brightness": of_layers(
        lambda: [layers.RandomBrightness(0.3), layers.Conv2D(3, 3)], 6, 6, 3
    ),
    "shears": of_layers(
        lambda: [layers.RandomShear(0.2, 0.2), layers.Conv2D(3, 3)], 6, 6, 3
    ),
    "erasing": of_layers(
        lambda: [layers.RandomErasing(value_range=(-3, 3)), layers.Conv2D(3, 3)],
        6, 6, 3,
    ),
    "stochastic depth": of_layers(lambda: [StochasticDepth(), layers.Dense(3)], 6),
    "noise of no layer": of_layers(lambda: [UnseededNoise(), layers.Dense(3)], 6),
}  # fmt: skip
EMBEDDINGS = {
    "embedding": of_layers(lambda: [layers.Embedding(7, 3)], 4, numbers=7),
    "embedding with a mask": of_layers(
        lambda: [layers.Embedding(7, 3, mask_zero=True), layers.LSTM(2)], 4, numbers=7
    ),
    "bag of embeddings": of_layers(
        lambda: [layers.Embedding(7, 3), layers.GlobalAveragePooling1D()], 4, numbers=7
    ),
    "one-hot": of_layers(
        lambda: [layers.CategoryEncoding(7, "one_hot"), layers.Dense(3)], 1, numbers=7
    ),
    "hashed": of_layers(
        lambda: [layers.Hashing(5), layers.Embedding(5, 2)], 4, numbers=7
    ),
}  # fmt: skip


def _lora():
    dense = layers.Dense(4)
    dense.build((None, 6))
    dense.enable_lora(2)
    return dense


@keras.saving.register_keras_serializable("tests")
class StochasticDepth(keras.Layer):
    """Leaves a branch out for some examples."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, x, training=None):
        if not training:
            return x
        draws = keras.random.uniform((ops.shape(x)[0], 1), seed=self.seed_generator)
        return ops.where(draws < 0.5, 0.0, x)


class UnseededNoise(keras.Layer):
    """Noise from Keras' own generator, which no layer has."""

    def call(self, x):
        return x + 0.1 * keras.random.normal(ops.shape(x))


class Folded(keras.Layer):
    """Takes the positions of all examples as one batch, and back."""

    def __init__(self):
        super().__init__()
        self.norm = layers.LayerNormalization(center=False, scale=False)

    def call(self, x):
        flat = ops.reshape(x, (-1, x.shape[-1]))
        return ops.reshape(self.norm(flat) * 2, (-1, *x.shape[1:]))


class Sorted(keras.Layer):
    """Sorts within each example, with ranks, which have no gradient."""

    def call(self, x):
        ranks = ops.argsort(ops.argsort(x, axis=-1), axis=-1)
        return ops.sort(x, axis=-1) + ops.cast(ranks, x.dtype)


class Routed(keras.Layer):
    """Two experts, of which each example takes the one it scores higher."""

    def __init__(self):
        super().__init__()
        self.gate, self.one, self.other = (layers.Dense(n) for n in (2, 3, 3))

    def call(self, x):
        gates = ops.softmax(self.gate(x))
        chosen = ops.one_hot(ops.argmax(gates, axis=-1), 2) * gates
        return chosen[:, :1] * self.one(x) + chosen[:, 1:] * self.other(x)


class Transformer(keras.Model):
    def __init__(self, dropout=0.0):
        super().__init__()
        self.attention = layers.MultiHeadAttention(2, 3, dropout=dropout)
        self.norms = [layers.LayerNormalization() for _ in range(2)]
        self.dense, self.out = layers.Dense(4, "gelu"), layers.Dense(2)

    def call(self, x, training=None):
        x = self.norms[0](x + self.attention(x, x, training=training))
        return self.out(ops.mean(self.norms[1](x + self.dense(x)), axis=1))


class Siamese(keras.Model):
    """Calls one layer on two inputs, and compares them within each example."""

    def __init__(self):
        super().__init__()
        self.dense, self.out = layers.Dense(3, "tanh"), layers.Dense(2)

    def call(self, inputs):
        one, other = self.dense(inputs["a"]), self.dense(inputs["b"])
        return self.out(ops.abs(one - other) * ops.stop_gradient(one))


def residual():
    inputs = x = layers.Input((6, 6, 2))
    x = layers.Conv2D(2, 3, padding="same")(layers.Activation("relu")(x))
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, inputs]))
    return keras.Model(inputs, layers.Dense(2)(x))


def excited():
    """Squeeze and excitation."""
    inputs = layers.Input((6, 6, 3))
    gates = layers.Dense(3, "sigmoid")(layers.GlobalAveragePooling2D()(inputs))
    x = layers.Multiply()([inputs, layers.Reshape((1, 1, 3))(gates)])
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


def nested():
    return sequential(sequential(sequential()), shape=(6,))


def frozen_part():
    part = sequential(layers.Dense(4, "relu"), layers.Dropout(0.5))
    part.trainable = False
    return sequential(part)


def crossed():
    """Cross attention between two inputs."""
    one, other = layers.Input((3, 4)), layers.Input((5, 4))
    x = layers.MultiHeadAttention(2, 2)(one, other, use_causal_mask=False)
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model([one, other], layers.Dense(2)(x))


def operations():
    """Operations of keras.ops alone between layers."""
    inputs = layers.Input((6,))
    x = layers.Dense(4)(inputs)
    x = x - ops.mean(x, axis=1, keepdims=True)
    x = ops.concatenate([ops.cumsum(x, axis=1), ops.max(x, axis=1, keepdims=True)], 1)
    return keras.Model(inputs, layers.Dense(2)(x))


def of_policy(policy):
    def make():
        usual = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        try:
            return sequential(layers.Dense(4, "relu"), layers.LayerNormalization())
        finally:
            keras.config.set_dtype_policy(usual)

    return make


def _pairs(rng, count):
    return {name: real(4)(rng, count) for name in "ab"}


WHOLE = {
    "subclassed attention": Case(Transformer, real(5, 4)),
    "attention with dropout": Case(lambda: Transformer(0.3), real(5, 4)),
    "two inputs": Case(Siamese, _pairs),
    "cross attention": Case(
        crossed, lambda rng, count: [real(3, 4)(rng, count), real(5, 4)(rng, count)]
    ),
    "additive attention": Case(
        lambda: _attentive(layers.AdditiveAttention), real(5, 4)
    ),
    "dot attention": Case(
        lambda: _attentive(lambda: layers.Attention(use_scale=True)), real(5, 4)
    ),
    "grouped attention": Case(
        lambda: _attentive(lambda: layers.GroupQueryAttention(2, 4, 2)), real(5, 4)
    ),
    "residual": Case(residual, real(6, 6, 2)),
    "squeeze and excitation": Case(excited, real(6, 6, 3)),
    "nested": Case(nested, real(6)),
    "frozen part": Case(frozen_part, real(6)),
    "operations": Case(operations, real(6)),
    "folded": of_layers(lambda: [layers.Dense(3), Folded()], 4, 5),
    "sorted": of_layers(lambda: [layers.Dense(4), Sorted()], 6),
    "routed": of_layers(lambda: [Routed()], 6),
    "float16": Case(of_policy("mixed_float16"), real(6)),
    "bfloat16": Case(of_policy("mixed_bfloat16"), real(6)),
    "image ids": Case(
        lambda: sequential(
            layers.Rescaling(1 / 255), layers.Conv2D(3, 3), shape=(6, 6, 1),
            dtype="uint8",
        ),
        lambda rng, count: rng.integers(0, 256, (count, 6, 6, 1), np.uint8),
    ),
    "fixed batch": Case(
        lambda: keras.Sequential(
            [layers.Input((6,), batch_size=8), layers.Dense(4), layers.Dense(2)]
        ),
        real(6),
    ),
    "many positions": Case(
        lambda: _positions(), lambda rng, count: ids(4, below=7)(rng, count)
    ),
}  # fmt: skip


def _attentive(make):
    inputs = layers.Input((5, 4))
    x = layers.Dense(4)(inputs)
    attention = make()
    is_grouped = isinstance(attention, layers.GroupQueryAttention)
    x = attention(x, x) if is_grouped else attention([x, x])
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def _positions():
    """Tokens and their places."""
    inputs = layers.Input((4,), dtype="int32")
    x = layers.Embedding(7, 3)(inputs) + layers.Embedding(4, 3)(
        tf.range(4, dtype=tf.int32)[None]
    )
    return keras.Model(inputs, layers.Dense(2)(layers.Flatten()(x)))


HONEST = (
    CONVOLUTIONS
    | DENSE
    | NORMALISATIONS
    | RECURRENT
    | DRAWS
    | EMBEDDINGS
    | WHOLE
)  # fmt: skip

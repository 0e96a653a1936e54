"""Layers as people publish them beside their models, of many kinds, without a rule."""

import keras
import numpy as np
from keras import layers, ops


class Block(layers.Layer):
    """A block of a transformer, whose parts are layers."""

    def __init__(self, width, heads=2):
        super().__init__()
        self.attention = layers.MultiHeadAttention(heads, width)
        self.dense = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(width)])
        self.norms = [layers.LayerNormalization(epsilon=1e-6) for _ in range(2)]

    def call(self, x):
        x = self.norms[0](x + self.attention(x, x))
        return self.norms[1](x + self.dense(x))


class Tokens(layers.Layer):
    """Embeddings of tokens and of their places."""

    def __init__(self, length, words, width):
        super().__init__()
        self.words = layers.Embedding(words, width)
        self.places = layers.Embedding(length, width)

    def call(self, x):
        return self.words(x) + self.places(ops.arange(0, ops.shape(x)[-1]))


class Patches(layers.Layer):
    """Squares of an image, as rows."""

    def __init__(self, side):
        super().__init__()
        self.side = side

    def call(self, x):
        patches = ops.image.extract_patches(x, self.side)
        count = patches.shape[1] * patches.shape[2]
        return ops.reshape(patches, (ops.shape(x)[0], count, 3 * self.side**2))


class PatchEncoder(layers.Layer):
    def __init__(self, count, width):
        super().__init__()
        self.count = count
        self.projection = layers.Dense(width)
        self.places = layers.Embedding(count, width)

    def call(self, patches):
        places = ops.expand_dims(ops.arange(self.count), axis=0)
        return self.projection(patches) + self.places(places)


class ClassToken(layers.Layer):
    """A token in front of each example's, the same for all."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), name="token")

    def call(self, x):
        size = (ops.shape(x)[0], 1, x.shape[-1])
        return ops.concatenate([ops.broadcast_to(self.token, size), x], axis=1)


class Mixer(layers.Layer):
    """Dense layers over places and over channels; the norm is used twice."""

    def __init__(self, count, width):
        super().__init__()
        self.over_places = keras.Sequential(
            [layers.Dense(count, "gelu"), layers.Dense(count)]
        )
        self.over_channels = keras.Sequential(
            [layers.Dense(width, "gelu"), layers.Dense(width)]
        )
        self.norm = layers.LayerNormalization()

    def call(self, x):
        turned = ops.transpose(self.norm(x), (0, 2, 1))
        x = x + ops.transpose(self.over_places(turned), (0, 2, 1))
        return x + self.over_channels(self.norm(x))


class Graph(layers.Layer):
    """A layer on graphs of dense matrices, one of each example."""

    def build(self, shapes):
        self.kernel = self.add_weight(shape=(shapes[0][-1], 5), name="kernel")
        self.bias = self.add_weight(shape=(5,), name="bias")

    def call(self, inputs):
        x, edges = inputs
        return ops.relu(edges @ x @ self.kernel + self.bias)


class GraphAttention(layers.Layer):
    def build(self, shapes):
        self.kernel = self.add_weight(shape=(shapes[0][-1], 4), name="kernel")
        self.score = self.add_weight(shape=(8, 1), name="score")

    def call(self, inputs):
        x, edges = inputs
        h = x @ self.kernel
        count = h.shape[1]
        ends = [
            ops.repeat(ops.expand_dims(h, axis), count, axis=axis) for axis in (2, 1)
        ]
        scores = ops.leaky_relu(ops.concatenate(ends, axis=-1) @ self.score)
        scores = ops.where(edges > 0, ops.squeeze(scores, -1), -1e9)
        return ops.softmax(scores) @ h


class Attention(layers.Layer):
    """Attention by weights of its own, in several heads."""

    def __init__(self, width=6, heads=2):
        super().__init__()
        self.width, self.heads = width, heads

    def build(self, shape):
        self.project = self.add_weight(shape=(shape[-1], 3 * self.width), name="qkv")
        self.out = self.add_weight(shape=(self.width, shape[-1]), name="out")

    def call(self, x):
        size = (ops.shape(x)[0], ops.shape(x)[1])

        def by_head(part):
            parts = (*size, self.heads, self.width // self.heads)
            return ops.transpose(ops.reshape(part, parts), (0, 2, 1, 3))

        q, k, v = map(by_head, ops.split(x @ self.project, 3, axis=-1))
        scores = ops.softmax(q @ ops.transpose(k, (0, 1, 3, 2)) / 2)
        joined = ops.transpose(scores @ v, (0, 2, 1, 3))
        return x + ops.reshape(joined, (*size, self.width)) @ self.out


class AdditiveScores(layers.Layer):
    """A sum over the steps of a sequence, weighted by what the layer learns."""

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 1), name="kernel")
        self.bias = self.add_weight(shape=(shape[1], 1), name="bias")

    def call(self, x):
        scores = ops.softmax(ops.tanh(x @ self.kernel + self.bias), axis=1)
        return ops.sum(x * scores, axis=1)


class Gated(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.linear, self.gate = layers.Dense(width), layers.Dense(width, "sigmoid")
        self.norm = layers.LayerNormalization()

    def call(self, x):
        return self.norm(self.linear(x) * self.gate(x))


class Film(layers.Layer):
    """Scales and shifts channels by what another input says."""

    def __init__(self, width):
        super().__init__()
        self.dense = layers.Dense(2 * width)

    def call(self, inputs):
        x, other = inputs
        scale, shift = ops.split(self.dense(other)[:, None, None], 2, axis=-1)
        return x * (1 + scale) + shift


class Hyper(layers.Layer):
    """A dense layer whose kernel another one makes for each example."""

    def __init__(self):
        super().__init__()
        self.maker = layers.Dense(12)

    def call(self, inputs):
        x, other = inputs
        kernel = ops.reshape(self.maker(other), (-1, 4, 3))
        return ops.squeeze(x[:, None] @ kernel, 1)


class WeightNorm(layers.Layer):
    def __init__(self, width):
        super().__init__()
        self.width = width

    def build(self, shape):
        self.direction = self.add_weight(shape=(shape[-1], self.width), name="v")
        self.size = self.add_weight(shape=(self.width,), name="g")

    def call(self, x):
        return x @ (self.size * self.direction / ops.norm(self.direction, axis=0))


class StandardisedConv(layers.Conv2D):
    def convolution_op(self, inputs, kernel):
        mean, variance = ops.moments(kernel, axes=(0, 1, 2), keepdims=True)
        kernel = (kernel - mean) / ops.sqrt(variance + 1e-5)
        return super().convolution_op(inputs, kernel)


class Lora(layers.Layer):
    """A small product beside a frozen layer."""

    def __init__(self, dense):
        super().__init__()
        self.dense = dense
        dense.trainable = False

    def build(self, shape):
        self.dense.build(shape)
        self.a = self.add_weight(shape=(shape[-1], 2), name="a")
        self.b = self.add_weight(shape=(2, self.dense.units), name="b")

    def call(self, x):
        return self.dense(x) + x @ self.a @ self.b


class Experts(layers.Layer):
    """Each example takes all experts, or its best two; all of one product."""

    def __init__(self, best=None):
        super().__init__()
        self.best = best

    def build(self, shape):
        self.gate = self.add_weight(shape=(shape[-1], 3), name="gate")
        self.kernels = self.add_weight(shape=(3, shape[-1], 4), name="kernels")

    def call(self, x):
        gates = ops.softmax(x @ self.gate)
        if self.best:
            values, which = ops.top_k(gates, self.best)
            gates = ops.sum(ops.one_hot(which, 3) * values[..., None], axis=-2)
        outputs = ops.relu(ops.einsum("bd,ndk->bnk", x, self.kernels))
        return ops.einsum("bn,bnk->bk", gates, outputs)


class AlwaysDropout(layers.Dropout):
    """As for Monte Carlo estimates."""

    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


class Prototypes(layers.Layer):
    def build(self, shape):
        self.points = self.add_weight(shape=(3, shape[-1]), name="points")

    def call(self, x):
        return -ops.sum((x[:, None] - self.points[None]) ** 2, axis=-1)


class Capsules(layers.Layer):
    def build(self, shape):
        self.kernel = self.add_weight(shape=(1, shape[1], 3, 4, shape[2]), name="W")

    def call(self, x):
        votes = ops.squeeze(self.kernel @ x[:, :, None, :, None], -1)
        logits = ops.zeros_like(votes[..., :1])
        for _ in range(3):
            total = ops.sum(ops.softmax(logits, axis=2) * votes, 1, keepdims=True)
            square = ops.sum(total**2, axis=-1, keepdims=True)
            total = total * ops.sqrt(square + 1e-7) / (1 + square)
            logits = logits + ops.sum(votes * total, axis=-1, keepdims=True)
        return ops.squeeze(total, 1)


class Quantised(layers.Layer):
    """The nearest of some learned vectors."""

    def build(self, shape):
        self.codes = self.add_weight(shape=(8, shape[-1]), name="codes")

    def call(self, x):
        distances = ops.sum((x[..., None, :] - self.codes) ** 2, axis=-1)
        chosen = ops.one_hot(ops.argmin(distances, axis=-1), 8) @ self.codes
        return chosen + x - ops.stop_gradient(x)


class Cell(layers.Layer):
    """A recurrent cell of one's own."""

    def __init__(self, units):
        super().__init__()
        self.units = self.state_size = units

    def build(self, shape):
        size = (shape[-1] + self.units, self.units)
        self.kernel = self.add_weight(shape=size, name="kernel")

    def call(self, x, states):
        both = ops.concatenate([x, states[0]], axis=-1)
        output = ops.tanh(both @ self.kernel)
        return output, [output]


class Fourier(layers.Layer):
    """Sines of a fixed random product."""

    def __init__(self):
        super().__init__()
        self.matrix = np.random.default_rng(0).normal(size=(2, 4)).astype("f")

    def call(self, x):
        phases = x @ self.matrix
        return ops.concatenate([ops.sin(phases), ops.cos(phases)], axis=-1)


class WeightPenalty(layers.Layer):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, x):
        outputs = self.dense(x)
        self.add_loss(0.1 * ops.sum(self.dense.kernel**2))
        return outputs

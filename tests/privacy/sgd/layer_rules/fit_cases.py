"""Layers of Keras, and of the peers' lists, that are trained by one step of `fit`."""

import keras
from keras import layers, ops
from privacy.sgd.layer_rules.cases import OTHERS, RULED, Case


class OfItself(layers.Layer):
    """Calls a layer of several inputs on one input."""

    def __init__(self, layer, inputs=2, in_a_list=False):
        super().__init__()
        self.layer, self.inputs, self.in_a_list = layer, inputs, in_a_list

    def build(self, shape):
        shapes = [shape] * self.inputs
        self.layer.build(shapes) if self.in_a_list else self.layer.build(*shapes)

    def call(self, x, training=None):
        inputs = [x] * self.inputs
        if self.in_a_list:
            return self.layer(inputs, training=training)
        return self.layer(*inputs, training=training)


class SequenceBias(layers.Layer):
    """One more position, the same for each example, at the end of a sequence."""

    def build(self, shape):
        self.bias = self.add_weight(shape=(1, 1, shape[-1]), name="bias")

    def call(self, x):
        last = ops.broadcast_to(self.bias, (ops.shape(x)[0], 1, x.shape[-1]))
        return ops.concatenate([x, last], axis=1)


class Positions(layers.Layer):
    """A vector for each position, added to the inputs."""

    def build(self, shape):
        self.table = self.add_weight(shape=shape[1:], name="table")

    def call(self, x):
        return x + self.table


class BagOfWords(layers.Layer):
    """The mean of the vectors of an example's words."""

    def __init__(self):
        super().__init__()
        self.embedding = layers.Embedding(5, 3)

    def build(self, shape):
        self.embedding.build(shape)

    def call(self, ids):
        return ops.mean(self.embedding(ids), axis=1)


def frozen_batch_norm():
    return keras.Sequential(
        [layers.Dense(3), layers.BatchNormalization(trainable=False), layers.Dense(2)]
    )


def stacked_cells():
    return layers.RNN([layers.LSTMCell(3), layers.GRUCell(2), layers.SimpleRNNCell(2)])


CHANNELS_FIRST = {"data_format": "channels_first"}
CONVOLUTIONS = {
    "conv, 4 groups, strides": Case(
        lambda: layers.Conv2D(8, 3, 2, "same", groups=4), (5, 6, 4)
    ),
    "conv, groups, dilation": Case(
        lambda: layers.Conv2D(4, 2, dilation_rate=2, groups=2), (6, 5, 4)
    ),
    "conv 1d, groups": Case(
        lambda: layers.Conv1D(4, 3, padding="causal", groups=2), (6, 4)
    ),
    "conv 3d, groups": Case(lambda: layers.Conv3D(4, 2, groups=2), (3, 4, 3, 4)),
    "conv, groups, any size": Case(
        lambda: keras.Sequential(
            [layers.Input((None, None, 4)), layers.Conv2D(4, 3, groups=2)]
        ),
        (5, 4, 4),
    ),
    "conv, channels first": Case(
        lambda: layers.Conv2D(4, 3, **CHANNELS_FIRST), (2, 5, 6)
    ),
    "conv, groups, channels first": Case(
        lambda: layers.Conv2D(4, 3, groups=2, **CHANNELS_FIRST), (4, 5, 6)
    ),
    "conv 3d, channels first": Case(
        lambda: layers.Conv3D(3, 2, **CHANNELS_FIRST), (2, 3, 4, 3)
    ),
    "depthwise, channels first": Case(
        lambda: layers.DepthwiseConv2D(3, **CHANNELS_FIRST), (2, 5, 6)
    ),
    "separable": Case(
        lambda: layers.SeparableConv2D(4, 3, depth_multiplier=2), (5, 6, 3)
    ),
    "separable 1d": Case(lambda: layers.SeparableConv1D(4, 3, padding="same"), (6, 3)),
    "transposed 1d": Case(lambda: layers.Conv1DTranspose(3, 3, 2), (5, 2)),
    "transposed 3d": Case(lambda: layers.Conv3DTranspose(2, 2), (3, 2, 3, 2)),
    "time distributed, groups": Case(
        lambda: layers.TimeDistributed(layers.Conv2D(4, 3, groups=2)), (2, 4, 5, 4)
    ),
}
RECURRENT = {
    "simple rnn": Case(lambda: layers.SimpleRNN(3), (5, 4)),
    "gru": Case(lambda: layers.GRU(3, return_sequences=True), (4, 3)),
    "bidirectional": Case(lambda: layers.Bidirectional(layers.LSTM(3)), (4, 3)),
    "two layers": Case(
        lambda: keras.Sequential(
            [layers.LSTM(3, return_sequences=True), layers.GRU(2)]
        ),
        (4, 3),
    ),
    "cells of all kinds": Case(stacked_cells, (4, 3)),
    "conv lstm 1d": Case(lambda: layers.ConvLSTM1D(2, 3), (3, 5, 2)),
    "conv lstm": Case(lambda: layers.ConvLSTM2D(2, 2), (3, 4, 3, 2)),
    "conv lstm 3d": Case(lambda: layers.ConvLSTM3D(2, 2), (2, 3, 3, 3, 2)),
}
ATTENTION = {
    "attention": Case(
        lambda: OfItself(layers.Attention(use_scale=True), in_a_list=True), (4, 3)
    ),
    "additive attention": Case(
        lambda: OfItself(layers.AdditiveAttention(), in_a_list=True), (4, 3)
    ),
    "multi-head": Case(lambda: OfItself(layers.MultiHeadAttention(2, 3)), (4, 3)),
    "multi-head, 2 axes": Case(
        lambda: OfItself(layers.MultiHeadAttention(2, 3, attention_axes=(1, 2))),
        (2, 3, 4),
    ),
    "grouped query": Case(
        lambda: OfItself(layers.GroupQueryAttention(3, 4, 2)), (4, 3)
    ),
}
REST = {
    "rms norm": Case(lambda: layers.RMSNormalization(), (4, 3)),
    "rms norm, two axes": Case(lambda: layers.RMSNormalization([1, 2]), (4, 3)),
    "frozen batch norm": Case(frozen_batch_norm, (4,)),
    "sequence bias": Case(SequenceBias, (4, 3)),
    "positions": Case(Positions, (4, 3)),
    "bag of words": Case(BagOfWords, (6,), ids=5),
    "words to leave out": Case(
        lambda: layers.Embedding(4, 3, mask_zero=True), (6,), ids=4
    ),
}
CASES = RULED | OTHERS | CONVOLUTIONS | RECURRENT | ATTENTION | REST

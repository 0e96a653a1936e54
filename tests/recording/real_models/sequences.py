"""Recurrent networks, and networks with attention."""

import inspect

import keras
from keras import layers
from recording.real_models.architectures import chain, graph
from recording.real_models.table import model
from recording.real_models.training import compiled


@model()
def lstms():
    return chain((5, 3), layers.LSTM(4, return_sequences=True), layers.LSTM(3))


@model()
def grus():
    return chain(
        (5, 3),
        layers.GRU(4, return_sequences=True),
        layers.GRU(3, reset_after=False, use_bias=False),
        layers.Dense(2),
    )


@model()
def simple_recurrent():
    inner = layers.SimpleRNN(3, return_sequences=True)
    return chain((5, 3), inner, layers.RNN(layers.SimpleRNNCell(2)))


@model()
def stacked_cells():
    def function(x):
        cells = [layers.LSTMCell(3), layers.GRUCell(2), layers.LSTMCell(3)]
        x = layers.RNN(cells, return_sequences=True)(x)
        return layers.Dense(2)(layers.RNN(layers.GRUCell(4))(x))

    return graph((5, 4), function)


@model()
def both_ways():
    def function(x):
        forward = layers.LSTM(3, return_sequences=True)
        backward = layers.GRU(3, return_sequences=True, go_backwards=True)
        x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
        x = layers.Bidirectional(forward, backward_layer=backward)(x)
        return layers.Bidirectional(layers.GRU(3), merge_mode="sum")(x)

    return graph((5, 4), function)


@model()
def both_ways_with_cells():
    cells = [layers.GRUCell(3), layers.GRUCell(2)]
    return chain((5, 4), layers.Bidirectional(layers.RNN(cells)), layers.Dense(2))


@model()
def films():
    return chain(
        (3, 6, 6, 1),
        layers.ConvLSTM2D(2, 3, return_sequences=True),
        layers.TimeDistributed(layers.Conv2D(2, 3)),
        layers.Flatten(),
        layers.Dense(2),
    )


@model()
def convolutional_lstms():
    x, y = layers.Input((3, 6, 2)), layers.Input((2, 4, 4, 4, 1))
    left = layers.Flatten()(layers.ConvLSTM1D(2, 3)(x))
    right = layers.Flatten()(layers.ConvLSTM3D(2, 3)(y))
    return compiled(keras.Model([x, y], layers.Dense(2)(left) + layers.Dense(2)(right)))


@model()
def network_at_each_step():
    steps = keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(4)])
    return chain((5, 4), layers.TimeDistributed(steps), layers.GRU(2))


@model()
def translator():
    source, target = layers.Input((6, 3)), layers.Input((5, 4))
    _, hidden, carry = layers.LSTM(4, return_state=True)(source)
    decoder = layers.LSTM(4, return_sequences=True)
    h = decoder(target, initial_state=[hidden, carry])
    return compiled(keras.Model([source, target], layers.Dense(3)(h)))


@model()
def text_of_words():
    def function(x):
        h = layers.Embedding(7, 4, mask_zero=True)(x)
        return layers.Dense(2)(layers.Bidirectional(layers.LSTM(3))(h))

    return graph((6,), function, dtype="int32")


def encoder_block(x, attention):
    x = x + attention(layers.LayerNormalization()(x))
    h = layers.Dense(8, "gelu")(layers.LayerNormalization()(x))
    return x + layers.Dense(4)(h)


@model()
def transformer():
    def function(x):
        for _ in range(2):
            attention = layers.MultiHeadAttention(2, 3)
            x = encoder_block(x, lambda h, attention=attention: attention(h, h))
        return layers.Dense(2)(layers.GlobalAveragePooling1D()(x))

    return graph((5, 4), function)


@model()
def grouped_queries():
    def function(x):
        attention = layers.GroupQueryAttention(3, 4, 2)
        return encoder_block(x, lambda h: attention(h, h))

    return graph((5, 4), function)


HAS_GATES = "use_gate" in inspect.signature(layers.MultiHeadAttention).parameters


@model(needs=HAS_GATES)
def gated_attention():
    def function(x):
        many = layers.MultiHeadAttention(2, 3, use_gate=True)
        grouped = layers.GroupQueryAttention(3, 4, 2, use_gate=True)
        x = encoder_block(x, lambda h: many(h, h))
        return encoder_block(x, lambda h: grouped(h, h))

    return graph((5, 4), function)


@model()
def encoder_and_decoder():
    source, target = layers.Input((6, 4)), layers.Input((5, 4))
    attention = layers.MultiHeadAttention(2, 2)
    memory = encoder_block(source, lambda h: attention(h, h))
    own, cross = layers.MultiHeadAttention(2, 2), layers.MultiHeadAttention(2, 3)
    h = target + own(target, target, use_causal_mask=True)
    h = encoder_block(h, lambda h: cross(h, memory))
    return compiled(keras.Model([source, target], layers.Dense(3)(h)))


@model()
def older_attention():
    query, value = layers.Input((5, 4)), layers.Input((6, 4))
    h = layers.AdditiveAttention()([layers.Dense(4)(query), layers.Dense(4)(value)])
    h = layers.Attention(use_scale=True, score_mode="concat")([h, value])
    h = layers.Attention(use_scale=True)([h, value])
    return compiled(keras.Model([query, value], layers.Dense(2)(h)))


@model()
def language_model():
    x = layers.Input((5,), dtype="int32")
    table = layers.ReversibleEmbedding(7, 4, tie_weights=False)
    h = table(x)
    attention = layers.GroupQueryAttention(2, 2, 1, use_bias=False)
    normal = layers.RMSNormalization()(h)
    h = h + attention(normal, normal, use_causal_mask=True)
    gate = layers.Dense(6, "silu", use_bias=False)(layers.RMSNormalization()(h))
    h = h + layers.Dense(4, use_bias=False)(gate * layers.Dense(6)(h))
    return compiled(keras.Model(x, table(h, reverse=True)))


@model()
def tied_language_model():
    x = layers.Input((5,), dtype="int32")
    table = layers.ReversibleEmbedding(7, 4)
    h = layers.GRU(4, return_sequences=True)(table(x))
    return compiled(keras.Model(x, table(h, reverse=True)))

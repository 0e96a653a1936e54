"""Networks that Keras connects: sequential, functional, nested, shared."""

import keras
import numpy as np
from keras import layers, ops
from recording.real_models.table import model
from recording.real_models.training import compiled

RENORM = {"renorm": True} if hasattr(layers.BatchNormalization(), "renorm") else {}


def chain(shape, *stack):
    """A sequential network, compiled."""
    return compiled(keras.Sequential([layers.Input(shape), *stack]))


def graph(shape, function, **options):
    """A functional network with one input, compiled."""
    x = layers.Input(shape, **options)
    return compiled(keras.Model(x, function(x)))


def dense(*units, features=4, **options):
    stack = [layers.Dense(n, "tanh", **options) for n in units]
    return keras.Sequential([layers.Input((features,)), *stack])


@model()
def perceptron():
    return chain((6,), layers.Dense(8, "relu"), layers.Dropout(0.1), layers.Dense(2))


@model()
def lenet():
    stack = []
    for filters in (6, 16):
        stack += [layers.Conv2D(filters, 5, activation="tanh", padding="same")]
        stack += [layers.AveragePooling2D(2)]
    stack += [layers.Flatten(), *(layers.Dense(n) for n in (12, 8, 3))]
    return chain((12, 12, 1), *stack)


@model()
def hundred_layers():
    return chain((4,), *(layers.Dense(4, "tanh") for _ in range(101)))


@model()
def convolutions_in_one_dimension():
    return chain(
        (16, 3),
        layers.Conv1D(4, 3, dilation_rate=2),
        layers.DepthwiseConv1D(3, depth_multiplier=2),
        layers.SeparableConv1D(5, 3),
        layers.Conv1DTranspose(3, 3, strides=2),
        layers.Conv1D(6, 3, groups=3, use_bias=False),
    )


@model()
def convolutions_in_three_dimensions():
    return chain(
        (6, 6, 6, 1),
        layers.Conv3D(2, 3),
        layers.GroupNormalization(1),
        layers.Conv3DTranspose(2, 3),
        layers.GlobalAveragePooling3D(),
        layers.Dense(2),
    )


@model()
def separable_images():
    return chain(
        (9, 9, 2),
        layers.DepthwiseConv2D(3),
        layers.SeparableConv2D(4, 3, depth_multiplier=2),
        layers.BatchNormalization(**RENORM),
        layers.PReLU(),
        layers.Conv2DTranspose(2, 2, use_bias=False),
    )


@model()
def spectral_critic():
    return chain(
        (8, 8, 1),
        layers.SpectralNormalization(layers.Conv2D(4, 3)),
        layers.LeakyReLU(),
        layers.Flatten(),
        layers.SpectralNormalization(layers.Dense(4, use_bias=False)),
        layers.Dense(1),
    )


@model()
def residual_blocks():
    def block(x, filters):
        h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        h = layers.ReLU()(layers.BatchNormalization()(h))
        h = layers.Conv2D(filters, 3, padding="same", use_bias=False)(h)
        h = layers.BatchNormalization(scale=False)(h)
        return layers.add([h, layers.Conv2D(filters, 1)(x)])

    def function(x):
        x = block(block(x, 4), 6)
        return layers.Dense(2)(layers.GlobalAveragePooling2D()(x))

    return graph((8, 8, 3), function)


@model()
def u_net():
    def function(x):
        first = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
        low = layers.MaxPooling2D()(first)
        low = layers.Conv2D(8, 3, padding="same", activation="relu")(low)
        bottom = layers.Conv2D(8, 3, padding="same")(layers.MaxPooling2D()(low))
        up = layers.Conv2DTranspose(8, 2, strides=2)(bottom)
        up = layers.Conv2D(4, 3, padding="same")(layers.concatenate([up, low]))
        up = layers.UpSampling2D()(up)
        return layers.Conv2D(1, 1)(layers.concatenate([up, first]))

    return graph((8, 8, 1), function)


@model()
def squeeze_and_excite():
    def function(x):
        x = layers.Conv2D(8, 3, activation="swish")(x)
        gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
        gate = layers.Conv2D(2, 1, activation="relu")(gate)
        gate = layers.Conv2D(8, 1, activation="sigmoid")(gate)
        return layers.Dense(2)(layers.Flatten()(layers.multiply([x, gate])))

    return graph((6, 6, 3), function)


@model()
def mixer():
    def function(x):
        for _ in range(2):
            h = layers.Permute((2, 1))(layers.LayerNormalization()(x))
            h = layers.Dense(5)(layers.Dense(7, "gelu")(h))
            x = x + layers.Permute((2, 1))(h)
            h = layers.Dense(9, "gelu")(layers.LayerNormalization()(x))
            x = x + layers.Dense(4)(h)
        return layers.GlobalAveragePooling1D()(x)

    return graph((5, 4), function)


@model()
def norms_over_several_axes():
    return chain(
        (5, 4),
        layers.LayerNormalization(axis=(1, 2)),
        layers.Dense(3),
        layers.RMSNormalization(axis=[1, 2]),
        layers.PReLU(),
        layers.LayerNormalization(center=False),
        layers.GroupNormalization(3, scale=False),
        layers.UnitNormalization(),
        layers.EinsumDense("abc,cd->abd", (5, 2), bias_axes="bd"),
    )


@model()
def siamese():
    left, right = layers.Input((4,)), layers.Input((4,))
    tower = dense(6, 5)
    distance = ops.abs(tower(left) - tower(right))
    return compiled(keras.Model([left, right], layers.Dense(1)(distance)))


@model()
def layer_used_thrice():
    def function(x):
        shared = layers.Dense(4, "tanh")
        x = shared(x)
        x = shared(layers.Dense(4)(x))
        return layers.Dense(2)(shared(x))

    return graph((4,), function)


@model()
def models_in_models():
    def function(x):
        inner = keras.Sequential([dense(4, 3), layers.Dense(4)])
        y = layers.Input((4,))
        outer = keras.Model(y, y + layers.Dense(4)(inner(y)))
        return layers.Dense(2)(outer(layers.Dense(4)(x)))

    return graph((4,), function)


@model()
def autoencoder():
    encoder = dense(6, 3, features=8)
    decoder = dense(6, 8, features=3)
    x = layers.Input((8,))
    return compiled(keras.Model(x, decoder(encoder(x))))


@model()
def blocks_of_one_name():
    def function(x):
        for number in range(3):
            y = layers.Input((4,))
            h = layers.Dense(4, "tanh", name="same")(y)
            x = keras.Model(y, h, name=f"block_{number}")(x)
        return x

    return graph((4,), function)


@model()
def networks_side_by_side():
    x, y = layers.Input((4,)), layers.Input((4,))
    activation = layers.ReLU()
    left = layers.Dense(2)(activation(layers.Dense(3)(x)))
    right = layers.Dense(2)(activation(layers.Dense(5)(layers.Dense(3)(y))))
    return compiled(keras.Model([x, y], [left, right]), loss=["mse", "mse"])


@model()
def actor_and_critic():
    x = layers.Input((6,))
    body = layers.Dense(8, "tanh")(x)
    policy = layers.Dense(3, "softmax")(layers.Dense(4)(body))
    value = layers.Dense(1)(layers.Dense(4)(body))
    return compiled(keras.Model(x, [policy, value]), loss=["mse", "mse"])


@model()
def wide_and_deep():
    numbers, code = layers.Input((3,)), layers.Input((1,), dtype="int32")
    scaled = layers.Normalization()
    scaled.adapt(np.random.default_rng(0).normal(size=(20, 3)))
    wide = layers.Dense(1)(scaled(numbers))
    deep = layers.Flatten()(layers.Embedding(6, 3)(code))
    deep = layers.Dense(1)(layers.Dense(4, "relu")(deep))
    return compiled(keras.Model([numbers, code], wide + deep))


@model()
def spectrogram():
    def function(x):
        x = layers.STFTSpectrogram(frame_length=16, frame_step=8)(x)
        return layers.Dense(2)(layers.Flatten()(layers.Conv1D(3, 3)(x)))

    return graph((64, 1), function)


@model()
def operations_in_the_graph():
    def function(x):
        h = ops.tanh(layers.Dense(6)(x)) * 2.0
        h = ops.concatenate([h, ops.mean(h, axis=-1, keepdims=True)], axis=-1)
        return layers.Dense(2)(ops.softmax(h))

    return graph((4,), function)

"""What the networks share: input scaling, initialisation and weight decay.

The papers' code is PyTorch: weights start uniform in ±1/√fan_in, its default, and
the optimizer's weight decay acts on every trained weight as an L2 penalty would,
through the momentum. Keras' own SGD weight decay bypasses the momentum, so the
penalty is in the layers here.
"""

import keras
from keras import layers


def image_input(image_shape):
    """Input of images in 0..255 and their scaled form, in -1..1."""
    inputs = layers.Input(image_shape, name="image")
    return inputs, layers.Rescaling(1 / 127.5, offset=-1, name="scale")(inputs)


def initializer():
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def penalty(weight_decay):
    return keras.regularizers.L2(weight_decay / 2) if weight_decay else None


def conv(x, filters, size, weight_decay, name, strides=1, use_bias=False):
    return layers.Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        use_bias=use_bias,
        kernel_initializer=initializer(),
        kernel_regularizer=penalty(weight_decay),
        bias_regularizer=penalty(weight_decay),
        name=name,
    )(x)


def batch_norm(x, weight_decay, name):
    return layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_regularizer=penalty(weight_decay),
        beta_regularizer=penalty(weight_decay),
        name=name,
    )(x)


def dense(x, units, weight_decay, name, activation=None):
    return layers.Dense(
        units,
        activation=activation,
        kernel_initializer=initializer(),
        kernel_regularizer=penalty(weight_decay),
        bias_regularizer=penalty(weight_decay),
        name=name,
    )(x)

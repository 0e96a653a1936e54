"""What the networks share: input scaling, initialisation and weight decay.

The papers' code is PyTorch: weights start uniform in ±1/√fan_in, its default, and
the optimizer's weight decay acts on every trained weight as an L2 penalty would,
through the momentum. Keras' own SGD weight decay bypasses the momentum, so the
penalty is in the layers here.
"""

from typing import TypeAlias

import keras
from keras import layers

Tensor: TypeAlias = keras.KerasTensor


def image_input(image_shape: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """The input of images in 0..255, and the images scaled to -1..1."""
    inputs = layers.Input(image_shape, name="image")
    return inputs, layers.Rescaling(1 / 127.5, offset=-1, name="scale")(inputs)


def initializer() -> keras.initializers.Initializer:
    """Uniform in ±1/√fan_in."""
    return keras.initializers.VarianceScaling(1 / 3, "fan_in", "uniform")


def penalty(weight_decay: float) -> keras.regularizers.Regularizer | None:
    """λ/2 ‖w‖², of the weight decay λ; None for 0."""
    return keras.regularizers.L2(weight_decay / 2) if weight_decay else None


def conv(
    x: Tensor,
    filters: int,
    size: int,
    weight_decay: float,
    name: str,
    strides: int = 1,
    use_bias: bool = False,
) -> Tensor:
    """A convolution with ``"same"`` padding."""
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


def batch_norm(x: Tensor, weight_decay: float, name: str) -> Tensor:
    """Batch normalisation with the momentum that PyTorch has by default."""
    return layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_regularizer=penalty(weight_decay),
        beta_regularizer=penalty(weight_decay),
        name=name,
    )(x)


def dense(
    x: Tensor,
    units: int,
    weight_decay: float,
    name: str,
    activation: str | None = None,
) -> Tensor:
    """A dense layer."""
    return layers.Dense(
        units,
        activation=activation,
        kernel_initializer=initializer(),
        kernel_regularizer=penalty(weight_decay),
        bias_regularizer=penalty(weight_decay),
        name=name,
    )(x)

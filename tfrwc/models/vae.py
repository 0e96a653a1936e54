"""Encoders and decoders for variational autoencoders.

>>> from tfrwc.models import vae
>>> encode = vae.encoder("conv", (64, 64, 1))
>>> encode.output_shape
(None, 256)

An encoder takes x to features, which `tfrwc.disentangle.BetaVAE` turns into the
parameters of q(z|x). A decoder takes z to the mean of x, or to its logits.
"""

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

NAMES = ("linear", "dense", "conv")
_WIDTH = 128


def encoder(
    name: str, shape: tuple[int, ...], seed: int | None = None, dtype: Any = None
) -> keras.Model:
    """A network from x to features.

    Args:
        name: ``"linear"``, x itself, flat; ``"dense"``, two hidden layers of 128;
            ``"conv"``, the usual one for dSprites: 4x4 convolutions of 32, 32 and 2x2
            of 64, 64 filters, all with stride 2, then 256 units.
        shape: of one x: (d,), or (height, width, channels), which ``"conv"`` needs
            to be multiples of 16.
        seed: of the initial weights; None draws one.
        dtype: policy of the layers, such as ``"mixed_float16"``; None for that of
            Keras.

    Raises:
        ValueError: for another name, or a shape that does not fit it.
    """
    _check(name, shape)
    seeds, policy = _seeds(seed), keras.dtype_policies.get(dtype)
    x = inputs = layers.Input(shape, name="x", dtype=policy.compute_dtype)
    if name == "conv":
        for i, (filters, size) in enumerate([(32, 4), (32, 4), (64, 2), (64, 2)]):
            x = layers.Conv2D(
                filters,
                size,
                strides=2,
                padding="same",
                activation="relu",
                kernel_initializer=next(seeds),
                dtype=policy,
                name=f"encoder_conv_{i + 1}",
            )(x)
        x = layers.Flatten(name="encoder_flatten", dtype=policy)(x)
        x = _dense(x, 256, "relu", seeds, "encoder_dense", policy)
    else:
        x = layers.Flatten(name="encoder_flatten", dtype=policy)(x)
        if name == "dense":
            x = _hidden(x, seeds, "encoder", policy)
    return keras.Model(inputs, x, name="encoder")


def decoder(
    name: str,
    shape: tuple[int, ...],
    n_latents: int,
    seed: int | None = None,
    dtype: Any = None,
) -> keras.Model:
    """A network from z to x, the counterpart of the `encoder` of that name.

    Args:
        name, shape, seed, dtype: as of `encoder`.
        n_latents: dimensions of z.

    Raises:
        ValueError: for another name, or a shape that does not fit it.
    """
    _check(name, shape)
    seeds, policy = _seeds(seed), keras.dtype_policies.get(dtype)
    x = inputs = layers.Input((n_latents,), name="z", dtype=policy.compute_dtype)
    if name == "conv":
        height, width, channels = shape
        x = _dense(x, 256, "relu", seeds, "decoder_dense_1", policy)
        x = _dense(x, height * width // 4, "relu", seeds, "decoder_dense_2", policy)
        x = layers.Reshape(
            (height // 16, width // 16, 64), name="decoder_grid", dtype=policy
        )(x)
        for i, filters in enumerate((64, 32, 32, channels)):
            x = layers.Conv2DTranspose(
                filters,
                4,
                strides=2,
                padding="same",
                activation="relu" if i < 3 else None,
                kernel_initializer=next(seeds),
                dtype=policy,
                name=f"decoder_conv_{i + 1}",
            )(x)
        return keras.Model(inputs, x, name="decoder")
    if name == "dense":
        x = _hidden(x, seeds, "decoder", policy)
    x = _dense(x, math.prod(shape), None, seeds, "decoder_mean", policy)
    x = layers.Reshape(shape, name="decoder_shape", dtype=policy)(x)
    return keras.Model(inputs, x, name="decoder")


def _hidden(
    x: keras.KerasTensor,
    seeds: Iterator[keras.initializers.Initializer],
    side: str,
    policy: keras.DTypePolicy,
) -> keras.KerasTensor:
    for i in range(2):
        x = _dense(x, _WIDTH, "silu", seeds, f"{side}_dense_{i + 1}", policy)
    return x


def _dense(
    x: keras.KerasTensor,
    units: int,
    activation: str | None,
    seeds: Iterator[keras.initializers.Initializer],
    name: str,
    policy: keras.DTypePolicy,
) -> keras.KerasTensor:
    return layers.Dense(
        units,
        activation=activation,
        kernel_initializer=next(seeds),
        dtype=policy,
        name=name,
    )(x)


def _seeds(seed: int | None) -> Iterator[keras.initializers.Initializer]:
    """Initialisers, each with a seed of its own."""
    for state in np.random.SeedSequence(seed).generate_state(16):
        yield keras.initializers.GlorotUniform(int(state) // 2)


def _check(name: str, shape: tuple[int, ...]) -> None:
    if name not in NAMES:
        raise ValueError(
            f"There is no network {name!r} here. Choose one of {', '.join(NAMES)}, or "
            "give a Keras model."
        )
    if name == "conv" and (len(shape) != 3 or shape[0] % 16 or shape[1] % 16):
        raise ValueError(
            "conv needs a shape (height, width, channels) with height and width "
            f"multiples of 16. Received: {tuple(shape)}. Resize the images, or use "
            "dense."
        )

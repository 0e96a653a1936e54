"""What a `BetaVAE` is made of: networks, and numbers that may change as it trains."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tfrwc._common.checks import is_number
from tfrwc.models import vae as networks

Schedule = keras.optimizers.schedules.LearningRateSchedule


def encoder_network(
    encoder: str | keras.Model, shape: tuple[int, ...], seed: int, dtype: Any
) -> keras.Model:
    """The network from x to features.

    Args:
        encoder: a name of `tfrwc.models.vae`, or a Keras model.
        shape: of one x.
        seed: of the initial weights of a named one.
        dtype: policy of a named one.

    Raises:
        ValueError: if there is no such network, or it takes another shape.
    """
    if isinstance(encoder, keras.Model):
        if tuple(encoder.input_shape[1:]) != shape:
            raise ValueError(
                f"The encoder must take x of shape {shape}. Received: a model of "
                f"{tuple(encoder.input_shape[1:])}."
            )
        return encoder
    return networks.encoder(encoder, shape, seed, dtype)


def decoder_network(
    decoder: str | keras.Model | Callable[[Any], Any],
    shape: tuple[int, ...],
    n_latents: int,
    seed: int,
    dtype: Any,
) -> keras.Model | Callable[[Any], Any]:
    """The network, or the function, from z to x.

    Args:
        decoder: a name of `tfrwc.models.vae`, a Keras model, or a function.
        shape: of one x.
        n_latents: dimensions of z.
        seed: of the initial weights of a named one.
        dtype: policy of a named one.

    Raises:
        ValueError: if there is no such network, or its shapes are others.
    """
    if isinstance(decoder, str):
        return networks.decoder(decoder, shape, n_latents, seed, dtype)
    if not callable(decoder):
        raise ValueError(
            f"decoder must be one of {', '.join(networks.NAMES)}, a Keras model or a "
            f"function of z. Received: {decoder!r}."
        )
    takes = n_latents
    if isinstance(decoder, keras.Model):
        takes, makes = decoder.input_shape[1:], decoder.output_shape[1:]
    else:
        z = keras.ops.zeros((1, n_latents), dtype=loss_dtype(dtype))
        makes = decoder(z).shape[1:]
    if takes not in (n_latents, (n_latents,)) or tuple(makes) != shape:
        raise ValueError(
            f"The decoder must take z of shape ({n_latents},) to x of shape {shape}. "
            f"Received: one from {takes} to {tuple(makes)}."
        )
    return decoder


def posterior_head(
    features: tuple[int | None, ...], parameters: int, seed: int, dtype: str
) -> keras.Model:
    """The layer from features to the parameters of q(z|x).

    Args:
        features: shape that the encoder returns.
        parameters: how many there are.
        seed: of the initial weights.
        dtype: of the layer, float32 or float64.
    """
    head = keras.Sequential(
        [
            keras.layers.Flatten(dtype=dtype),
            keras.layers.Dense(
                parameters,
                dtype=dtype,
                kernel_initializer=keras.initializers.GlorotUniform(seed),
                name="posterior",
            ),
        ],
        name="head",
    )
    head.build(features)
    return head


def loss_dtype(policy: Any) -> str:
    """float64 for networks that compute in it, else float32."""
    return "float64" if policy.compute_dtype == "float64" else "float32"


def example_shape(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    """The shape of one x, as a tuple.

    Raises:
        ValueError: if it is not one or more whole numbers above 0.
    """
    shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
    if not shape or not all(isinstance(n, (int, np.integer)) and n > 0 for n in shape):
        raise ValueError(
            f"shape must be of one example, such as (64, 64, 1). Received: {shape}."
        )
    return tuple(int(n) for n in shape)


def number_or_schedule(name: str, value: Any, or_zero: bool = False) -> Any:
    """A number as a float; a schedule as it is.

    Args:
        name: what the caller calls it, for the message.
        value: a number above 0, or a schedule.
        or_zero: whether 0 is allowed.

    Raises:
        ValueError: if it is neither.
    """
    if isinstance(value, Schedule):
        return value
    if not is_number(value) or value < 0 or (value == 0 and not or_zero):
        least = "0 or more" if or_zero else "above 0"
        raise ValueError(
            f"{name} must be a number {least}"
            f"{'' if name == 'noise' else ', or a schedule of the step'}. Received: "
            f"{value!r}."
        )
    return float(value)


def at_step(value: Any, step: Any) -> Any:
    """The value of a number or a schedule at a training step."""
    return value(step) if isinstance(value, Schedule) else value

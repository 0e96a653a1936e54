"""Normalisations within an example: the rule is that of their scale and offset."""

import math
from collections.abc import Callable

from keras import layers

from tfrwc.compat.extras import extra
from tfrwc.compat.own_gradients import own_gradient
from tfrwc.privacy.sgd.layer_rules.any_layer import any_layer
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap, without
from tfrwc.privacy.sgd.layer_rules.table import register
from tfrwc.privacy.sgd.per_example import Ghost, PerExample

with extra("privacy"):
    import tensorflow as tf


@register(layers.GroupNormalization)
def group_normalization(call: LayerCall) -> Tap:
    """Groups of the channels in the last axis, of inputs of a fixed size."""
    layer, inputs = call.layer, call.inputs
    is_last = layer.axis in (-1, inputs.shape.rank - 1)
    if not is_last or None in inputs.shape[1:]:
        return any_layer(call)
    channels = inputs.shape[-1]
    groups = channels if layer.groups == -1 else layer.groups

    def normalize(scale: tf.Tensor | None, offset: tf.Tensor | None) -> tf.Tensor:
        rows, axes = tf.shape(inputs)[0], [1] * (inputs.shape.rank - 2)
        none = tf.zeros((rows, *axes, channels))
        scale = none + 1.0 if scale is None else scale
        offset = none if offset is None else offset
        x = tf.cast(inputs, tf.float32)
        return _normalize_groups(x, scale, offset, groups, layer.epsilon)

    return _affine(call, normalize)


@register(layers.LayerNormalization)
def layer_normalization(call: LayerCall) -> Tap:
    """Over the last axis alone."""
    layer, last = call.layer, call.inputs.shape.rank - 1
    if list(layer.axis) not in ([-1], [last]) or layer.rms_scaling:
        return any_layer(call)
    with without(layer, "gamma", "beta"):
        normal = tf.cast(call.outputs(), tf.float32)

    def affine(scale: tf.Tensor | None, offset: tf.Tensor | None) -> tf.Tensor:
        outputs = normal if scale is None else normal * scale
        return outputs if offset is None else outputs + offset

    return _affine(call, affine)


def _affine(
    call: LayerCall,
    normalize: Callable[[tf.Tensor | None, tf.Tensor | None], tf.Tensor],
) -> Tap:
    """A layer whose scale and offset are copied for each example.

    Args:
        call: of the layer.
        normalize: function of the scale and the offset (rows, 1, ..., channels), each
            None where the layer has none, to the outputs.
    """
    examples = tf.shape(call.inputs)[0] // call.views
    ones = [1] * (call.inputs.shape.rank - 2)
    copies, variables, rows = [], [], []
    for variable in (call.layer.gamma, call.layer.beta):
        if variable is None:
            rows.append(None)
            continue
        copy = tf.reshape(tf.convert_to_tensor(variable), (1, *ones, -1))
        copy = tf.repeat(tf.cast(copy, tf.float32), examples, axis=0)
        call.watch(copy)
        copies.append(copy)
        variables.append(variable)
        rows.append(tf.repeat(copy, call.views, axis=0))

    def gradients(source_gradients: list[tf.Tensor]) -> list[PerExample | Ghost]:
        return [
            PerExample(variable, tf.reshape(values, (-1, *variable.shape)))
            for variable, values in zip(variables, source_gradients, strict=True)
        ]

    outputs = tf.cast(normalize(*rows), call.layer.compute_dtype)
    return Tap(outputs, copies, gradients)


def _normalize_groups(
    x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, groups: int, epsilon: float
) -> tf.Tensor:
    """Each group of channels of each row, to mean 0 and variance 1; then the scale and
    the offset of each channel.

    With the gradient in closed form, in which the sums that are the gradients of scale
    and offset serve for that of x too: far fewer passes over memory than by autodiff.
    """
    channels = x.shape[-1]
    size = channels // groups
    axes = list(range(1, x.shape.rank - 1))
    shape = (-1, *[1] * len(axes), channels)
    count = math.prod(x.shape[1:-1]) * size

    def mean(sums: tf.Tensor) -> tf.Tensor:
        """Of each group, once for each of its channels, from the channels' sums."""
        sums = tf.reshape(sums, (-1, groups, size))
        means = tf.reduce_sum(sums, axis=-1, keepdims=True) / count
        return tf.reshape(tf.repeat(means, size, axis=-1), shape)

    def channel_sums(values: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(values, axes, keepdims=True)

    @own_gradient
    def normalize(
        x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor
    ) -> tuple[tf.Tensor, Callable[..., tuple[tf.Tensor, ...]]]:
        centred = x - mean(channel_sums(x))
        inverse = tf.math.rsqrt(mean(channel_sums(tf.square(centred))) + epsilon)

        def backward(g: tf.Tensor) -> tuple[tf.Tensor, ...]:
            of_offset = channel_sums(g)
            of_scale = channel_sums(g * centred) * inverse
            along = mean(of_scale * scale) * tf.square(inverse)
            shift = mean(of_offset * scale) * inverse
            of_x = g * (scale * inverse) - centred * along - shift
            return of_x, of_scale, of_offset

        return centred * (scale * inverse) + offset, backward

    return normalize(x, scale, offset)

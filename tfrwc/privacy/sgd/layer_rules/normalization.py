"""Normalisations within an example: the rule is that of their scale and offset."""

import math
from collections.abc import Callable

from keras import layers

from tfrwc.compat.extras import extra
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
    inputs = tf.cast(inputs, tf.float32)
    return _affine(call, _normalize(inputs, layer.groups, layer.epsilon))


@register(layers.LayerNormalization)
def layer_normalization(call: LayerCall) -> Tap:
    """Over the last axis alone."""
    layer, last = call.layer, call.inputs.shape.rank - 1
    if list(layer.axis) not in ([-1], [last]) or layer.rms_scaling:
        return any_layer(call)
    with without(layer, "gamma", "beta"):
        normal = call.outputs()
    return _affine(call, tf.cast(normal, tf.float32))


def _affine(call: LayerCall, normal: tf.Tensor) -> Tap:
    """normal * gamma + beta, by copies of both for each example."""
    examples = tf.shape(normal)[0] // call.views
    ones = [1] * (normal.shape.rank - 2)
    outputs, copies, variables = normal, [], []
    for name, combine in (("gamma", tf.multiply), ("beta", tf.add)):
        variable = getattr(call.layer, name)
        if variable is not None:
            copy = tf.reshape(tf.convert_to_tensor(variable), (1, *ones, -1))
            copy = tf.repeat(tf.cast(copy, tf.float32), examples, axis=0)
            call.watch(copy)
            outputs = combine(outputs, tf.repeat(copy, call.views, axis=0))
            copies.append(copy)
            variables.append(variable)

    def gradients(source_gradients: list[tf.Tensor]) -> list[PerExample | Ghost]:
        return [
            PerExample(variable, tf.reshape(values, (-1, *variable.shape)))
            for variable, values in zip(variables, source_gradients, strict=True)
        ]

    return Tap(tf.cast(outputs, call.layer.compute_dtype), copies, gradients)


def _normalize(x: tf.Tensor, groups: int, epsilon: float) -> tf.Tensor:
    """Each group of channels of each example, to mean 0 and variance 1.

    With the gradient in closed form: far fewer passes over memory than by autodiff.
    """
    channels = x.shape[-1]
    size = channels // (channels if groups == -1 else groups)
    axes = list(range(1, x.shape.rank - 1))
    shape = (-1, *[1] * len(axes), channels)
    count = math.prod(x.shape[1:-1]) * size

    def mean(values: tf.Tensor) -> tf.Tensor:
        """Of each group, once for each of its channels."""
        sums = tf.reshape(tf.reduce_sum(values, axes), (-1, channels // size, size))
        means = tf.reduce_sum(sums, axis=-1, keepdims=True) / count
        return tf.reshape(tf.repeat(means, size, axis=-1), shape)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def normalize(x: tf.Tensor) -> tuple[tf.Tensor, Callable[..., tf.Tensor]]:
        centred = x - mean(x)
        scale = tf.math.rsqrt(mean(tf.square(centred)) + epsilon)
        normal = centred * scale

        def backward(g: tf.Tensor) -> tf.Tensor:
            return scale * (g - mean(g) - normal * mean(g * normal))

        return normal, backward

    return normalize(x)

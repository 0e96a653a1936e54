"""Convolutions: a dense layer on what each position of the kernel sees."""

import dataclasses
import math
from collections.abc import Callable, Sequence

import keras
from keras import layers

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd import per_example as forms
from tfrwc.privacy.sgd.groups import Groups
from tfrwc.privacy.sgd.layer_rules.any_layer import any_layer
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap
from tfrwc.privacy.sgd.layer_rules.linear import bias, linear
from tfrwc.privacy.sgd.layer_rules.table import register
from tfrwc.privacy.sgd.patches import grams, patches, spread

with extra("privacy"):
    import tensorflow as tf


@register(layers.Conv1D, layers.Conv2D, layers.Conv3D)
def convolution(call: LayerCall) -> Tap:
    """A convolution with channels last and a fixed input size."""
    if not _is_usual(call):
        return any_layer(call)
    of_kernel = _of_kernel if call.layer.groups == 1 else _of_groups

    def gradients(a: tf.Tensor, g: tf.Tensor) -> list[forms.PerExample | forms.Ghost]:
        return [of_kernel(call, a, g), *bias(call, g)]

    return linear(call, gradients)


@register(layers.DepthwiseConv1D, layers.DepthwiseConv2D)
def depthwise_convolution(call: LayerCall) -> Tap:
    """A convolution of each channel by itself."""
    if not _is_usual(call):
        return any_layer(call)
    variable, multiplier = call.layer.kernel, call.layer.depth_multiplier

    def gradients(a: tf.Tensor, g: tf.Tensor) -> list[forms.PerExample | forms.Ghost]:
        flat = call.positions(g)
        split = tf.reshape(flat, (-1, flat.shape[1], a.shape[-1], multiplier))
        values = [
            tf.einsum("btc,btcm->bcm", call.positions(patch), split)
            for patch in patches(a, *_geometry(call.layer))
        ]
        values = tf.reshape(tf.stack(values, axis=1), (-1, *variable.shape))
        return [forms.PerExample(variable, values), *bias(call, g)]

    return linear(call, gradients)


def _is_usual(call: LayerCall) -> bool:
    """Whether channels are last, and the size of the inputs is fixed."""
    is_fixed = None not in call.inputs.shape[1:]
    return is_fixed and call.layer.data_format == "channels_last"


def _geometry(
    layer: keras.Layer,
) -> tuple[Sequence[int], Sequence[int], Sequence[int], str]:
    """What `patches` is told of a layer."""
    return layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding


def _of_kernel(
    call: LayerCall, a: tf.Tensor, g: tf.Tensor
) -> forms.PerExample | forms.Ghost:
    views = [call.positions(patch) for patch in patches(a, *_geometry(call.layer))]
    gradients = forms.product(
        call.layer.kernel, views, call.positions(g), _grams(call, a, g)
    )
    if isinstance(gradients, forms.Ghost):
        gradients.of_groups = lambda groups: _of_units(call, groups, a, g)
    weighted_sum = _plain_weighted_sum(call, a, g)
    if isinstance(gradients, forms.Ghost) and weighted_sum is not None:
        gradients.weighted_sum = weighted_sum

        def only(examples: tf.Tensor) -> forms.PerExample | forms.Ghost:
            rows = tf.repeat(examples, call.views)
            return _of_kernel(call, forms.masked(a, rows), forms.masked(g, rows))

        gradients.only = only
    return gradients


def _of_units(
    call: LayerCall, groups: Groups, a: tf.Tensor, g: tf.Tensor
) -> forms.PerExample | forms.Ghost:
    """Of units with several examples each, which are as views of one example."""
    most = groups.places.shape[1]

    def rows(values: tf.Tensor) -> tf.Tensor:
        padded = groups.padded(call.by_example(values))
        return tf.reshape(padded, (-1, *values.shape[1:]))

    by_unit = dataclasses.replace(call, views=most * call.views)
    return _of_kernel(by_unit, rows(a), rows(g))


def _grams(
    call: LayerCall, a: tf.Tensor, g: tf.Tensor
) -> Callable[[], tf.Tensor] | None:
    """Function to the products of what the kernel sees at each two positions; None
    where cutting that out costs less."""
    geometry = _geometry(call.layer)
    seen, positions = spread(a, *geometry), math.prod(g.shape[1:-1])
    if seen**2 >= positions**2 * math.prod(call.layer.kernel_size):
        return None
    if call.views == 1:
        return lambda: grams(a, *geometry)
    if call.layer.rank > 2:  # more axes than TensorFlow can slice
        return None
    kernel_size, strides, dilation, padding = geometry
    by_example = tf.reshape(a, (-1, call.views, *a.shape[1:]))
    return lambda: grams(
        by_example, (1, *kernel_size), (1, *strides), (1, *dilation), padding
    )


def _of_groups(call: LayerCall, a: tf.Tensor, g: tf.Tensor) -> forms.PerExample:
    """Of a kernel whose output channels each see one group of the input channels."""
    variable, groups = call.layer.kernel, call.layer.groups

    def by_group(values: tf.Tensor) -> tf.Tensor:
        flat = call.positions(values)
        channels = flat.shape[-1] // groups
        return tf.reshape(flat, (-1, flat.shape[1], groups, channels))

    split = by_group(g)
    values = [
        tf.einsum("btgi,btgo->bigo", by_group(patch), split)
        for patch in patches(a, *_geometry(call.layer))
    ]
    values = tf.reshape(tf.stack(values, axis=1), (-1, *variable.shape))
    return forms.PerExample(variable, values)


def _plain_weighted_sum(
    call: LayerCall, a: tf.Tensor, g: tf.Tensor
) -> Callable[[tf.Tensor], tf.Tensor] | None:
    """The weighted sum of the gradients by TensorFlow's own, faster operation, which is
    for 2D convolutions without dilation."""
    layer = call.layer
    if layer.rank != 2 or set(layer.dilation_rate) != {1}:
        return None
    return lambda weights: tf.raw_ops.Conv2DBackpropFilter(
        input=a,
        filter_sizes=layer.kernel.shape,
        out_backprop=g * tf.repeat(weights, call.views)[:, None, None, None],
        strides=[1, *layer.strides, 1],
        padding=layer.padding.upper(),
    )

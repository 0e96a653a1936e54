"""How each kind of layer is called so that its per-example gradients can be had.

A rule calls a layer on a batch, and names tensors, its `sources`, whose gradients the
backward pass has to give; from these it makes the per-example gradients of the layer's
weights, without a backward pass for each example.

An example may come in several views, one after the other in the batch: its gradient is
the sum of theirs. Batches then have rows, `views` for each example.
"""

import contextlib
import math
import warnings
from typing import NamedTuple

import keras
from keras import layers

from tfrwc.compat.extras import extra
from tfrwc.privacy import _per_example as forms

with extra("privacy"):
    import tensorflow as tf


class Tap(NamedTuple):
    """One call of a layer.

    Attributes:
        outputs: of the layer.
        sources: tensors of which `gradients` needs the gradients.
        gradients: from these, float32, to a list of `PerExample` and `Ghost`, one for
            each trainable variable.
    """

    outputs: object
    sources: list
    gradients: object


def rule_of(layer):
    """The rule of a layer's exact type: a subclass may compute something else."""
    if getattr(layer, "lora_enabled", False):
        return any_layer
    return _RULES.get(type(layer), any_layer)


def dense(layer, call, tape, inputs, views=1):
    def gradients(a, g):
        if a.shape.rank == 2 and views == 1:
            kernel = forms.outer(layer.kernel, a, g)
        else:
            seen, made = _positions(a, views), _positions(g, views)
            kernel = forms.product(layer.kernel, [seen], made)
        return [kernel, *_bias(layer, g, views)]

    return _linear(layer, call, tape, inputs, gradients)


def convolution(layer, call, tape, inputs, views=1):
    if not _has_rule(layer, inputs) or layer.groups > 1:
        return any_layer(layer, call, tape, inputs, views=views)
    geometry = layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding

    def kernel(a, g):
        seen = [_positions(p, views) for p in forms.patches(a, *geometry)]
        whole = _plain_gradient(layer, a, g, views)
        found = forms.product(layer.kernel, seen, _positions(g, views))
        if isinstance(found, forms.Ghost) and whole is not None:
            found.weighted_sum = whole

            def only(kept):
                kept = tf.repeat(kept, views)
                return kernel(forms.masked(a, kept), forms.masked(g, kept))

            found.only = only
        return found

    def gradients(a, g):
        return [kernel(a, g), *_bias(layer, g, views)]

    return _linear(layer, call, tape, inputs, gradients)


def depthwise_convolution(layer, call, tape, inputs, views=1):
    if not _has_rule(layer, inputs):
        return any_layer(layer, call, tape, inputs, views=views)
    geometry = layer.kernel_size, layer.strides, layer.dilation_rate, layer.padding

    def gradients(a, g):
        flat = _positions(g, views)
        shape = (-1, flat.shape[1], a.shape[-1], layer.depth_multiplier)
        split = tf.reshape(flat, shape)
        values = [
            tf.einsum("btc,btcm->bcm", _positions(p, views), split)
            for p in forms.patches(a, *geometry)
        ]
        values = tf.reshape(tf.stack(values, axis=1), (-1, *layer.kernel.shape))
        return [forms.PerExample(layer.kernel, values), *_bias(layer, g, views)]

    return _linear(layer, call, tape, inputs, gradients)


def einsum_dense(layer, call, tape, inputs, views=1):
    takes, makes = layer.equation.split("->")
    takes, weight = takes.split(",")
    if "." in layer.equation or takes[0] != makes[0] or takes[0] in weight:
        return any_layer(layer, call, tape, inputs, views=views)

    def gradients(a, g):
        values = tf.einsum(f"{takes},{makes}->{takes[0]}{weight}", a, g)
        values = tf.reduce_sum(_by_example(values, views), axis=1)
        return [forms.PerExample(layer.kernel, values), *_bias(layer, g, views)]

    return _linear(layer, call, tape, inputs, gradients)


def embedding(layer, call, tape, inputs, views=1):
    outputs = call(inputs)
    tape.watch(outputs)
    rows, width = layer.input_dim, layer.output_dim

    def of_rows(g):
        ids = tf.cast(inputs, tf.int32)
        ids = tf.reshape(ids, (tf.shape(inputs)[0] // views, -1))
        g = tf.reshape(g, (tf.shape(ids)[0], -1, width))

        def square_norms():
            same = tf.cast(ids[:, :, None] == ids[:, None, :], tf.float32)
            return tf.reduce_sum(same * tf.matmul(g, g, transpose_b=True), [1, 2])

        def weighted_sum(weights):
            weighted = tf.reshape(g * weights[:, None, None], (-1, width))
            return tf.math.unsorted_segment_sum(weighted, tf.reshape(ids, [-1]), rows)

        def values():
            return tf.einsum("btv,btd->bvd", tf.one_hot(ids, rows), g)

        def only(kept):
            return of_rows(forms.masked(g, kept))

        return forms.Ghost(layer.embeddings, square_norms, weighted_sum, values, only)

    return Tap(outputs, [outputs], lambda found: [of_rows(found[0])])


def group_normalization(layer, call, tape, inputs, views=1):
    last = layer.axis in (-1, inputs.shape.rank - 1)
    if not last or None in inputs.shape[1:]:
        return any_layer(layer, call, tape, inputs, views=views)
    normal = _normalize(tf.cast(inputs, tf.float32), layer.groups, layer.epsilon)
    return _affine(layer, tape, normal, views)


def layer_normalization(layer, call, tape, inputs, views=1):
    if list(layer.axis) not in ([-1], [inputs.shape.rank - 1]) or layer.rms_scaling:
        return any_layer(layer, call, tape, inputs, views=views)
    with _without(layer, "gamma", "beta"):
        normal = call(inputs)
    return _affine(layer, tape, tf.cast(normal, tf.float32), views)


def any_layer(layer, call, tape, *args, views=1, **kwargs):
    """For layers without a rule: `tf.vectorized_map` over the examples."""
    warnings.warn(
        f"Layer {layer.name!r} ({type(layer).__name__}) has no rule for per-example "
        "gradients: they are computed by tf.vectorized_map, which can be slow.",
        RuntimeWarning,
        stacklevel=2,
    )
    outputs = call(*args, **kwargs)
    sources = _floating(outputs)
    for source in sources:
        tape.watch(source)
    given = tf.nest.flatten((args, kwargs))
    variables = layer.trainable_variables

    def one(example):
        inputs, found = example
        inputs = iter(inputs)
        single = [next(inputs)[None] if tf.is_tensor(t) else t for t in given]
        a, k = tf.nest.pack_sequence_as((args, kwargs), single)
        values = [tf.convert_to_tensor(v) for v in variables]
        mapping = list(zip(variables, values, strict=True))
        with tf.GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(values)
            with keras.StatelessScope(state_mapping=mapping) as scope:
                made = _floating(call(*a, **k))
        _check_stateless(layer, scope, len(mapping))
        return inner.gradient(
            made,
            values,
            [tf.cast(g, t.dtype)[None] for g, t in zip(found, made, strict=True)],
            tf.UnconnectedGradients.ZERO,
        )

    def gradients(found):
        tensors = [t for t in given if tf.is_tensor(t)]
        mapped = tf.vectorized_map(one, (tensors, found))
        rows = (_by_example(tf.cast(values, tf.float32), views) for values in mapped)
        return [
            forms.PerExample(variable, tf.reduce_sum(values, axis=1))
            for variable, values in zip(variables, rows, strict=True)
        ]

    return Tap(outputs, sources, gradients)


_RULES = {
    layers.Dense: dense,
    layers.Conv1D: convolution,
    layers.Conv2D: convolution,
    layers.Conv3D: convolution,
    layers.DepthwiseConv1D: depthwise_convolution,
    layers.DepthwiseConv2D: depthwise_convolution,
    layers.EinsumDense: einsum_dense,
    layers.Embedding: embedding,
    layers.GroupNormalization: group_normalization,
    layers.LayerNormalization: layer_normalization,
}


def _linear(layer, call, tape, inputs, gradients):
    """A layer that is linear in its inputs, then has an activation."""
    with _without(layer, "activation"):
        linear = call(inputs)
    tape.watch(linear)
    activation = layer.activation
    return Tap(
        linear if activation is None else activation(linear),
        [linear],
        lambda found: gradients(tf.cast(inputs, tf.float32), found[0]),
    )


def _affine(layer, tape, normal, views):
    """normal * gamma + beta, by copies of both for each example."""
    examples = tf.shape(normal)[0] // views
    ones = [1] * (normal.shape.rank - 2)
    outputs, copies, variables = normal, [], []
    for name, combine in (("gamma", tf.multiply), ("beta", tf.add)):
        variable = getattr(layer, name)
        if variable is not None:
            copy = tf.reshape(tf.convert_to_tensor(variable), (1, *ones, -1))
            copy = tf.repeat(tf.cast(copy, tf.float32), examples, axis=0)
            tape.watch(copy)
            outputs = combine(outputs, tf.repeat(copy, views, axis=0))
            copies.append(copy)
            variables.append(variable)

    def gradients(found):
        return [
            forms.PerExample(v, tf.reshape(g, (-1, *v.shape)))
            for v, g in zip(variables, found, strict=True)
        ]

    return Tap(tf.cast(outputs, layer.compute_dtype), copies, gradients)


def _normalize(x, groups, epsilon):
    """Each group of channels of each example, to mean 0 and variance 1.

    With the gradient in closed form: far fewer passes over memory than by autodiff.
    """
    channels = x.shape[-1]
    size = channels // (channels if groups == -1 else groups)
    axes = list(range(1, x.shape.rank - 1))
    shape = (-1, *[1] * len(axes), channels)
    count = math.prod(x.shape[1:-1]) * size

    def mean(values):
        """Of each group, once for each of its channels."""
        sums = tf.reshape(tf.reduce_sum(values, axes), (-1, channels // size, size))
        means = tf.reduce_sum(sums, axis=-1, keepdims=True) / count
        return tf.reshape(tf.repeat(means, size, axis=-1), shape)

    @tf.custom_gradient
    def normalize(x):
        centred = x - mean(x)
        scale = tf.math.rsqrt(mean(tf.square(centred)) + epsilon)
        normal = centred * scale

        def backward(g):
            return scale * (g - mean(g) - normal * mean(g * normal))

        return normal, backward

    return normalize(x)


def _has_rule(layer, inputs):
    return layer.data_format == "channels_last" and None not in inputs.shape[1:]


def _plain_gradient(layer, a, g, views):
    """The weighted sum of a plain 2D convolution's gradients, by its own kernel."""
    if layer.rank != 2 or set(layer.dilation_rate) != {1}:
        return None
    return lambda weights: tf.raw_ops.Conv2DBackpropFilter(
        input=a,
        filter_sizes=layer.kernel.shape,
        out_backprop=g * tf.repeat(weights, views)[:, None, None, None],
        strides=[1, *layer.strides, 1],
        padding=layer.padding.upper(),
    )


def _bias(layer, g, views):
    """Of a bias that is added to outputs with gradients g: a list of one, or none."""
    if layer.bias is None:
        return []
    shape = layer.bias.shape
    g = _by_example(g, views)
    lead = g.shape.rank - 1 - len(shape)
    summed = [i + 1 for i in range(lead)]
    summed += [i + 1 + lead for i, n in enumerate(shape) if n == 1]
    values = tf.reduce_sum(g, summed) if summed else g
    return [forms.PerExample(layer.bias, tf.reshape(values, (-1, *shape)))]


def _positions(values, views):
    """(rows, ..., channels) as (examples, positions of all views, channels)."""
    positions = views * math.prod(values.shape[1:-1])
    return tf.reshape(values, (-1, positions, values.shape[-1]))


def _by_example(values, views):
    """(rows, ...) as (examples, views, ...)."""
    sizes = tf.shape(values)
    known = [sizes[i] if n is None else n for i, n in enumerate(values.shape)]
    return tf.reshape(values, (-1, views, *known[1:]))


def _floating(outputs):
    return [t for t in tf.nest.flatten(outputs) if t.dtype.is_floating]


def _check_stateless(layer, scope, given):
    if len(scope.state_mapping) > given:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) has no rule for "
            "per-example gradients, and its call draws random numbers or changes its "
            "own state, so that it cannot be repeated for each example. Put dropout "
            "and noise into layers of their own, beside it."
        )


@contextlib.contextmanager
def _without(layer, *names):
    """A layer whose attributes of these names are None for a while."""
    held = {name: getattr(layer, name) for name in names}
    for name in names:
        object.__setattr__(layer, name, None)
    try:
        yield
    finally:
        for name, value in held.items():
            object.__setattr__(layer, name, value)

"""The sum of a batch's clipped per-example gradients, in one backward pass."""

import contextlib
from typing import NamedTuple

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy._layer_rules import any_layer, rule_of
from tfrwc.privacy._per_example import PerExample

with extra("privacy"):
    import tensorflow as tf

# Of losses in float16, whose gradients would otherwise vanish. Gradients of single
# examples are not divided by the batch size, so that little is needed.
_FLOAT16_SCALE = 128.0
# Layers that call the layers inside them in loops of their own.
_LOOPS = (keras.layers.RNN, keras.layers.Wrapper)


class Clipped(NamedTuple):
    """What a backward pass gave.

    Attributes:
        sums: by `id` of a variable, the sum of its clipped gradients, float32.
        norms: L2 norms of the examples' whole gradients before clipping, (batch,).
        outputs: of the model, (rows, ...).
    """

    sums: dict
    norms: tf.Tensor
    outputs: object


def clipped_sums(model, losses, x, clip, views=1, jit_compile=False) -> Clipped:
    """Sum the gradients of a batch's examples, each scaled down to a norm.

    The gradient of an example is the mean of those of its views.

    An example whose gradient is not finite counts as zero: what it adds to the sums
    stays within `clip` whatever it is.

    Args:
        model: a built Keras model.
        losses: function of the model's outputs to the losses of the rows.
        x: inputs (rows, ...), for each example `views` rows, one after the other.
        clip: greatest L2 norm of an example's gradient, over all weights together.
        views: of each example.
        jit_compile: whether this is compiled by XLA.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        with recorded(model, tape, views) as taps:
            outputs = call(model, x)
        scale = _FLOAT16_SCALE if _uses_float16(model) else 1.0
        total = tf.reduce_sum(losses(outputs)) * (scale / views)
    parts = per_example(tape, total, taps, scale)
    squares = [square for _, square in parts.values()]
    norms = tf.sqrt(tf.add_n(squares))
    finite = tf.math.is_finite(norms)
    weights = tf.where(norms > clip, clip / norms, 1.0)

    def usual():
        return [part.weighted_sum(weights) for part, _ in parts.values()]

    def without_some():
        # 0 times infinity would be no number: their values are taken out instead.
        kept = tf.where(finite, weights, 0.0)
        return [part.only(finite).weighted_sum(kept) for part, _ in parts.values()]

    if jit_compile:  # a branch is slower there than taking values out always
        sums = without_some()
    else:
        sums = tf.cond(tf.reduce_all(finite), usual, without_some)
    return Clipped(dict(zip(parts, sums, strict=True)), norms, outputs)


def per_example(tape, total, taps, scale=1.0) -> dict:
    """Gradients of the examples' losses, by id of the variable.

    Args:
        tape: under which the layers were called.
        total: sum of the losses, times `scale`.
        taps: of the layers' calls.
        scale: that the gradients are divided by.

    Returns:
        For each variable a `PerExample` or `Ghost`, and its squared norms (batch,).
    """
    sources = [source for tap in taps for source in tap.sources]
    found = tape.gradient(
        total, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    # A gradient may be sparse.
    found = [tf.cast(tf.convert_to_tensor(g), tf.float32) for g in found]
    found = iter(found if scale == 1 else [g / scale for g in found])
    given = [[next(found) for _ in tap.sources] for tap in taps]
    parts, squares = {}, []
    # In the order of the backward pass, and one layer after the other: what a layer
    # needs for its norms can be large, and is gone before the next one begins.
    for tap, gradients in zip(reversed(taps), reversed(given), strict=True):
        with tf.control_dependencies(squares[-1:]):
            for part in tap.gradients(gradients):
                if part.variable.trainable:
                    squares.append(part.square_norms())
                    parts.setdefault(id(part.variable), []).append((part, squares[-1]))
    return {key: _joined(several) for key, several in parts.items()}


def call(model, x):
    """A model's outputs in training."""
    if model._call_has_training_arg:
        return model(x, training=True)
    return model(x)


@contextlib.contextmanager
def recorded(model, tape, views=1):
    """Calls of the model's layers go through their rules; yields the list of taps."""
    taps, graph = [], _graph()
    units = tapped_layers(model)
    for layer, rule in units:
        vars(layer)["call"] = _through(
            layer, rule, layer.call, tape, taps, graph, views
        )
    try:
        yield taps
    finally:
        for layer, _ in units:
            del vars(layer)["call"]


def tapped_layers(layer) -> list:
    """The layers whose calls give all trained weights, each with its rule."""
    if not layer.trainable_variables:
        return []
    inner = [sub for sub in layer._layers if sub.trainable_variables]
    own = {id(v) for v in layer.trainable_variables}
    own -= {id(v) for sub in inner for v in sub.trainable_variables}
    if own or isinstance(layer, _LOOPS):
        return [(layer, any_layer if inner else rule_of(layer))]
    found = {}
    for sub in inner:
        found |= {id(unit[0]): unit for unit in tapped_layers(sub)}
    return list(found.values())


def _through(layer, rule, original, tape, taps, graph, views):
    def call(*args, **kwargs):
        if _graph() is not graph:
            raise ValueError(
                f"Layer {layer.name!r} is called inside a loop or a function of its "
                "own, out of which its per-example gradients cannot be had. Call it "
                "outside, on the whole batch."
            )
        if rule is any_layer:
            tap = any_layer(layer, original, tape, *args, views=views, **kwargs)
        else:  # layers with one input; the rest is `training` and the like
            inputs, *rest = args
            tap = rule(
                layer, lambda x: original(x, *rest, **kwargs), tape, inputs, views
            )
        taps.append(tap)
        return tap.outputs

    return call


def _joined(parts):
    """Of a variable that is used in several places: the sum of their gradients."""
    if len(parts) == 1:
        return parts[0]
    values = tf.add_n([part.values for part, _ in parts])
    part = PerExample(parts[0][0].variable, values)
    return part, part.square_norms()


def _graph():
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


def _uses_float16(model):
    return any(layer.compute_dtype == "float16" for layer in model._flatten_layers())

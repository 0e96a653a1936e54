"""Layers without a rule: one example after the other, vectorized."""

import warnings
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap
from tfrwc.privacy.sgd.per_example import Ghost, PerExample

with extra("privacy"):
    import tensorflow as tf


def any_layer(call: LayerCall) -> Tap:
    """Differentiate a layer by `tf.vectorized_map` over the examples.

    Raises:
        ValueError: if the layer draws random numbers or changes its own state, so that
            its call cannot be repeated.
    """
    layer, variables = call.layer, call.layer.trainable_variables
    warnings.warn(
        f"Layer {layer.name!r} ({type(layer).__name__}) has no rule for per-example "
        "gradients: they are computed by tf.vectorized_map, which can be slow. "
        "tfrwc.privacy.sgd.layer_rules.register adds a rule.",
        RuntimeWarning,
        stacklevel=2,
    )
    outputs = call.outputs()
    sources = [call.watch(source) for source in _floating(outputs)]
    arguments = tf.nest.flatten((call.args, call.kwargs))
    tensors = [value for value in arguments if tf.is_tensor(value)]

    def of_example(example: Any) -> list[tf.Tensor]:
        parts, output_gradients = example
        rows = iter(parts)
        single = [next(rows)[None] if tf.is_tensor(a) else a for a in arguments]
        args, kwargs = tf.nest.pack_sequence_as((call.args, call.kwargs), single)
        values = [tf.convert_to_tensor(variable) for variable in variables]
        mapping = list(zip(variables, values, strict=True))
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            with keras.StatelessScope(state_mapping=mapping) as scope:
                targets = _floating(call.function(*args, **kwargs))
        _check_stateless(layer, scope, len(mapping))
        weights = [
            tf.cast(gradient, target.dtype)[None]
            for gradient, target in zip(output_gradients, targets, strict=True)
        ]
        zero = tf.UnconnectedGradients.ZERO
        gradients: list[tf.Tensor] = tape.gradient(targets, values, weights, zero)
        return gradients

    def gradients(source_gradients: list[tf.Tensor]) -> list[PerExample | Ghost]:
        mapped = tf.vectorized_map(of_example, (tensors, source_gradients))
        rows = (call.by_example(tf.cast(values, tf.float32)) for values in mapped)
        return [
            PerExample(variable, tf.reduce_sum(values, axis=1))
            for variable, values in zip(variables, rows, strict=True)
        ]

    return Tap(outputs, sources, gradients)


def _floating(outputs: Any) -> list[tf.Tensor]:
    return [t for t in tf.nest.flatten(outputs) if t.dtype.is_floating]


def _check_stateless(
    layer: keras.Layer, scope: keras.StatelessScope, variables: int
) -> None:
    if len(scope.state_mapping) > variables:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) has no rule for "
            "per-example gradients, and its call draws random numbers or changes its "
            "own state, so that it cannot be repeated for each example. Put dropout "
            "and noise into layers of their own, beside it."
        )

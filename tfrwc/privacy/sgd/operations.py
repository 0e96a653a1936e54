"""Operations in a model that TensorFlow cannot compute, or not example by example."""

from collections.abc import Callable
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.compat.matrix_products import REMEDY, operations_of, wrong_products
from tfrwc.privacy.sgd import clipping

with extra("privacy"):
    import tensorflow as tf


def check_operations(model: keras.Model, x: Any) -> bool:
    """Look at what a model computes, without computing it.

    A `tf.py_function` keeps what its gradient needs in the program, once for each call,
    so that no gradient of single examples can be computed through it.

    Args:
        model: a built model.
        x: some inputs.

    Returns:
        Whether anything is computed in half precision.

    Raises:
        ValueError: if TensorFlow computes a product of matrices wrongly, or a weight
            has its gradient through a `tf.py_function`.
    """

    def outputs(x: Any) -> Any:
        return clipping.forward(model, x)

    def gradients(x: Any) -> Any:
        with tf.GradientTape() as tape:
            flat = tf.nest.flatten(outputs(x))
        return tape.gradient(flat, [v.value for v in model.trainable_variables])

    forward = _graph(outputs, x)
    wrong = wrong_products(forward)
    if wrong:
        raise ValueError(
            f"The model multiplies matrices {tuple(wrong[0].inputs[0].shape)} by one "
            f"matrix ({wrong[0].name}), which TensorFlow {tf.__version__} computes "
            f"wrongly on this machine, from memory of other things. {REMEDY}; or leave "
            "out the axis of length 1."
        )
    calls = _calls_of_python(forward)
    if calls and _calls_of_python(_graph(gradients, x)) > calls:
        raise ValueError(
            "The model has weights before, or in the layer of, a tf.py_function: their "
            "gradients cannot be computed example by example. Use operations of "
            "TensorFlow or Keras instead, or call it on inputs alone."
        )
    return has_half_precision(model, forward)


def has_half_precision(layer: keras.Layer, graph: tf.Graph | None) -> bool:
    """Whether a layer or model computes in half precision, as far as its policies and
    its graph say."""
    types = {inner.compute_dtype for inner in layer._flatten_layers()}
    if graph is not None:
        tensors = (t for o in operations_of(graph) for t in o.outputs)
        types |= {tensor.dtype.name for tensor in tensors}
    return bool(types & {"float16", "bfloat16"})


def _graph(function: Callable[[Any], Any], x: Any) -> tf.Graph:
    return tf.function(function, autograph=False).get_concrete_function(x).graph


def _calls_of_python(graph: tf.Graph) -> int:
    return sum(o.type == "EagerPyFunc" for o in operations_of(graph))

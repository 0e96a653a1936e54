"""Operations in a step that TensorFlow cannot compute, or that nobody can look into."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.compat.graph_effects import operations_of, outside_of_variables
from tfrwc.compat.matrix_products import REMEDY, wrong_products
from tfrwc.privacy.sgd import clipping

with extra("privacy"):
    import tensorflow as tf

_PYTHON = " (That is tf.numpy_function or tf.py_function.)"
_HINTS = dict.fromkeys(("PyFunc", "PyFuncStateless", "EagerPyFunc"), _PYTHON)


def check_operations(model: keras.Model, x: Any) -> bool:
    """Look at what a model computes in training, without computing it.

    Args:
        model: a built model.
        x: some inputs.

    Returns:
        Whether anything is computed in half precision.

    Raises:
        ValueError: if TensorFlow computes a product of matrices wrongly, or as
            `check_inside`.
    """

    def outputs(x: Any) -> Any:
        return clipping.forward(model, x)

    forward = _graph(outputs, x)
    wrong = wrong_products(forward)
    if wrong:
        raise ValueError(
            f"The model multiplies matrices {tuple(wrong[0].inputs[0].shape)} by one "
            f"matrix ({wrong[0].name}), which TensorFlow {tf.__version__} computes "
            f"wrongly on this machine, from memory of other things. {REMEDY}; or leave "
            "out the axis of length 1."
        )
    check_inside(forward, [model], "The model")
    return has_half_precision(model, forward)


def check_inside(graph: tf.Graph, layers: Sequence[keras.Layer], subject: str) -> None:
    """Check that all that a graph does is in it, and all that it keeps in variables.

    Functions of Python, tables, queues, iterators of data sets and files may mix
    examples, or keep something of them, at any time: the graph cannot be asked.

    Args:
        graph: of the step, or a part of it.
        layers: that may be named.
        subject: what is looked at, in the message.

    Raises:
        ValueError: if there is such an operation.
    """
    for operation, kind in outside_of_variables(graph.get_operations()):
        layer = layer_of(operation.name, layers)
        where = f"layer {layer!r}" if layer else f"operation {operation.name!r}"
        raise ValueError(
            f"{subject} leaves the graph of a training step, in {where}, by {kind}: "
            "what is mixed or kept of the examples there, without noise, cannot be "
            f"seen.{_HINTS.get(kind, '')} Use operations of TensorFlow or Keras alone, "
            "do it to the data before fit, or outside of training alone (if not "
            "training)."
        )


def layer_of(name: str, layers: Sequence[keras.Layer]) -> str:
    """The name of the innermost layer in the name of an operation; "" if none is."""
    known = {inner.name for layer in layers for inner in layer._flatten_layers()}
    for part in reversed(name.split("/")):
        for written in (part, re.sub(r"_[0-9]+$", "", part)):
            if written in known:
                return written
    return ""


def has_half_precision(layer: keras.Layer, graph: tf.Graph | None) -> bool:
    """Whether a layer or model computes in half precision, as far as its policies and
    its graph say."""
    types = {inner.compute_dtype for inner in layer._flatten_layers()}
    if graph is not None:
        tensors = (t for o in operations_of(graph) for t in o.outputs)
        types |= {tensor.dtype.name for tensor in tensors}
    return bool(types & {"float16", "bfloat16"})


def rounds_products() -> bool:
    """Whether TensorFlow may round what it multiplies to 10 bits, on a GPU."""
    is_on = tf.config.experimental.tensor_float_32_execution_enabled()
    return bool(is_on and tf.config.list_logical_devices("GPU"))


def _graph(function: Callable[[Any], Any], x: Any) -> tf.Graph:
    return tf.function(function, autograph=False).get_concrete_function(x).graph

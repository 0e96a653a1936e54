"""Graphs that TensorFlow lets go, though operations in them have own gradients.

In a graph, `tf.custom_gradient` enters the gradient into a table of the process, for
`tf.gradients`, which keeps the graph until the process ends. A `tf.GradientTape` does
not need the entry: it holds the gradient itself.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tfrwc.compat.extras import extra

with extra("tensorflow"):
    import tensorflow as tf
    from tensorflow.python.framework.ops import gradient_registry

_GRADIENT = "_gradient_op_type"


def own_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `tf.custom_gradient`, for gradients that a `tf.GradientTape` takes.

    Args:
        function: of tensors to (outputs, gradient function), as there.

    Returns:
        Function of the tensors to the outputs.
    """
    with_gradient = tf.custom_gradient(function)

    def call(*tensors: tf.Tensor) -> Any:
        outputs = with_gradient(*tensors)
        if not tf.executing_eagerly():
            _forget(tf.nest.flatten(outputs)[0].op)
        return outputs

    return call


@contextmanager
def without_gradients() -> Iterator[None]:
    """Forget the gradients of the operations of a graph that are made within, such as
    those by which Keras' optimizers sum over replicas."""
    graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
    before = 0 if graph is None else len(graph.get_operations())
    yield
    # Operations of functions that are called are in graphs of their own.
    for operation in graph.get_operations()[before:] if graph is not None else ():
        if _GRADIENT in operation.node_def.attr:
            _forget(operation)


def _forget(operation: tf.Operation) -> None:
    name = operation.get_attr(_GRADIENT).decode()
    gradient_registry._registry.pop(name, None)

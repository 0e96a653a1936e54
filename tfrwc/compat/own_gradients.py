"""Functions with gradients of their own, whose graphs TensorFlow lets go."""

from collections.abc import Callable
from typing import Any

from tfrwc.compat.extras import extra

with extra("tensorflow"):
    import tensorflow as tf
    from tensorflow.python.framework.ops import gradient_registry


def own_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `tf.custom_gradient`, for gradients that a `tf.GradientTape` takes.

    In a graph, `tf.custom_gradient` also enters the gradient into a table of the
    process, for `tf.gradients`, which keeps the graph until the process ends. A tape
    holds the gradient itself: here, the entry is taken out again.

    Args:
        function: of tensors to (outputs, gradient function), as there.

    Returns:
        Function of the tensors to the outputs.
    """
    with_gradient = tf.custom_gradient(function)

    def call(*tensors: tf.Tensor) -> Any:
        outputs = with_gradient(*tensors)
        if not tf.executing_eagerly():
            operation = tf.nest.flatten(outputs)[0].op
            name = operation.get_attr("_gradient_op_type").decode()
            del gradient_registry._registry[name]
        return outputs

    return call

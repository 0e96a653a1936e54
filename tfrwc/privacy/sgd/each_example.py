"""A function of one example, called for every example of a batch."""

import warnings
from collections.abc import Callable
from typing import Any

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf

# What operations raise that `tf.vectorized_map` cannot follow; AttributeError is that
# of functions with gradients of their own, such as CTC.
_NOT_VECTORIZED = (
    AttributeError,
    NotImplementedError,
    TypeError,
    ValueError,
    tf.errors.InvalidArgumentError,
    tf.errors.UnimplementedError,
)


def each_example(
    function: Callable[[Any], Any],
    examples: Any,
    types: Any,
    name: str,
    vectorize: bool = True,
) -> Any:
    """Call a function on each row of tensors: all at once where TensorFlow can.

    Args:
        function: of a row of `examples` to tensors. It may be traced several times.
        examples: tensors (rows, ...), in any structure.
        types: of what the function returns, in the same structure.
        name: of what the function computes, for the warning.
        vectorize: False for one row after the other from the start.

    Returns:
        What the function returns, with an axis of the rows in front.
    """
    if not vectorize:
        return tf.map_fn(function, examples, fn_output_signature=types)
    try:
        return tf.vectorized_map(function, examples)
    # An error of the function's own is raised again by what follows.
    except _NOT_VECTORIZED:
        rows = tf.map_fn(function, examples, fn_output_signature=types)
    warnings.warn(
        f"{name} cannot be computed by tf.vectorized_map: it is computed for one "
        "example after the other, which is slow.",
        RuntimeWarning,
        stacklevel=2,
    )
    return rows

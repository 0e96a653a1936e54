"""A function of one example, called for every example of a batch."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from tfrwc.compat.extras import extra
from tfrwc.compat.matrix_products import wrong_products

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
    function: Callable[[Any, list[tf.Tensor]], Any],
    examples: Any,
    types: Any,
    name: str,
    shared: Sequence[tf.Tensor] = (),
    vectorize: bool = True,
) -> Any:
    """Call a function on each row of tensors: all at once where TensorFlow can.

    Args:
        function: of a row of `examples`, and of the tensors `shared`, to tensors. It
            may be traced several times.
        examples: tensors (rows, ...), in any structure.
        types: of what the function returns, in the same structure.
        name: of what the function computes, for the warning.
        shared: tensors that are the same for all rows, such as weights.
        vectorize: False for one row after the other from the start.

    Returns:
        What the function returns, with an axis of the rows in front.
    """
    shared = list(shared)

    def of_row(row: Any) -> Any:
        return function(row, shared)

    if not vectorize:
        return tf.map_fn(of_row, examples, fn_output_signature=types)
    try:
        mapped = _vectorized(function, examples, shared)
        if mapped is not None:
            return mapped()
    # An error of the function's own is raised again by what follows.
    except _NOT_VECTORIZED:
        pass
    rows = tf.map_fn(of_row, examples, fn_output_signature=types)
    warnings.warn(
        f"{name} cannot be computed by tf.vectorized_map: it is computed for one "
        "example after the other, which is slow.",
        RuntimeWarning,
        stacklevel=2,
    )
    return rows


def _vectorized(
    function: Callable[[Any, list[tf.Tensor]], Any],
    examples: Any,
    shared: list[tf.Tensor],
) -> Callable[[], Any] | None:
    """The graph of the function on all rows at once, or None if it cannot be right.

    A product of an example, which is a batch of one, and a weight becomes one that
    `matrix_products` speaks of. It does not if each row has weights of its own, which
    take no more memory than the gradients of all examples.
    """

    @tf.function(autograph=False)
    def alike() -> Any:
        return tf.vectorized_map(lambda row: function(row, shared), examples)

    @tf.function(autograph=False)
    def repeated() -> Any:
        rows = tf.shape(tf.nest.flatten(examples)[0])[:1]
        copies = [tf.broadcast_to(t, tf.concat([rows, tf.shape(t)], 0)) for t in shared]
        return tf.vectorized_map(lambda row: function(*row), (examples, copies))

    for mapped in (alike, repeated) if shared else (alike,):
        function_of_rows = mapped.get_concrete_function()
        if not wrong_products(function_of_rows.graph):
            return function_of_rows
    return None

"""Parts of a private step around its clipped sums: physical batches, regularizers."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf

Sums = dict[int, tf.Tensor]  # by `id` of a variable


def sums_in_parts(
    part_sums: Callable[[Any], Sums],
    data: Any,
    count: tf.Tensor,
    size: int,
    variables: Sequence[keras.Variable],
) -> Sums:
    """Sum over a batch with only some of its examples in memory at once.

    Args:
        part_sums: function of a part of the data to the sums over its examples.
        data: tensors (count, ...) and None, in any structure.
        count: number of examples.
        size: most examples in a part.
        variables: that there may be sums of.
    """
    reached: set[int] = set()

    def add_part(start: tf.Tensor, *totals: tf.Tensor) -> tuple[tf.Tensor, ...]:
        part = keras.tree.map_structure(
            lambda t: None if t is None else t[start : start + size], data
        )
        sums = part_sums(part)
        reached.update(sums)
        return start + size, *(
            total + sums.get(id(variable), 0.0)
            for total, variable in zip(totals, variables, strict=True)
        )

    zeros = [tf.zeros(variable.shape) for variable in variables]
    _, *totals = tf.while_loop(
        lambda start, *_: start < count, add_part, (tf.constant(0), *zeros)
    )
    by_id = {id(v): total for v, total in zip(variables, totals, strict=True)}
    return {key: total for key, total in by_id.items() if key in reached}


def with_penalties(
    variables: Sequence[keras.Variable], gradients: Sequence[tf.Tensor]
) -> list[tf.Tensor]:
    """Add the gradients of the weights' regularizers, which see no example."""
    penalised = [i for i, v in enumerate(variables) if v.regularizer is not None]
    gradients = list(gradients)
    if not penalised:
        return gradients
    values = [tf.convert_to_tensor(variables[i]) for i in penalised]
    with tf.GradientTape() as tape:
        tape.watch(values)
        total = tf.add_n(
            [
                variables[i].regularizer(value)
                for i, value in zip(penalised, values, strict=True)
            ]
        )
    for i, gradient in zip(penalised, tape.gradient(total, values), strict=True):
        gradients[i] += gradient
    return gradients

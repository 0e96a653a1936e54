"""The losses of single examples, by a loss that was made for batches."""

from collections.abc import Callable
from typing import Any

import keras

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf


def example_losses(
    batch_loss: Callable[[Any, Any, Any], tf.Tensor], y: Any, outputs: Any, weight: Any
) -> tf.Tensor:
    """Call a loss on each row alone.

    Args:
        batch_loss: function of (y, outputs, weight) to the loss of a batch.
        y: tensors (rows, ...), or a structure of them.
        outputs: of the model, as `y`.
        weight: of the rows, or None.

    Returns:
        The losses, (rows,).
    """
    targets = tf.nest.flatten((y, weight))

    # With the gradients of the examples, too, taken inside the map: XLA would
    # compile those of the map as a whole again in every step.
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def losses(*flat: tf.Tensor) -> Any:
        def of_row(row: Any) -> tuple[tf.Tensor, list[tf.Tensor]]:
            row_outputs, row_targets = row
            rest = iter(row_targets)
            single = [None if t is None else next(rest)[None] for t in targets]
            row_y, row_weight = tf.nest.pack_sequence_as((y, weight), single)
            with tf.GradientTape() as tape:
                tape.watch(row_outputs)
                predicted = tf.nest.pack_sequence_as(
                    outputs, [output[None] for output in row_outputs]
                )
                # Losses of several outputs have metrics, of whole batches.
                with keras.StatelessScope():
                    loss = batch_loss(row_y, predicted, row_weight)
            unconnected = tf.UnconnectedGradients.ZERO
            return loss, tape.gradient(loss, row_outputs, None, unconnected)

        tensors = list(flat), [t for t in targets if t is not None]
        values, gradients = tf.vectorized_map(of_row, tensors)

        def backward(upstream: tf.Tensor) -> list[tf.Tensor]:
            factors = (tf.cast(upstream, g.dtype) for g in gradients)
            return [
                g * tf.reshape(factor, (-1, *[1] * (g.shape.rank - 1)))
                for g, factor in zip(gradients, factors, strict=True)
            ]

        return values, backward

    return losses(*tf.nest.flatten(outputs))

"""The losses of single examples, by a loss that was made for batches.

Keras keeps more with the outputs of a model than their values: the logits that a
sigmoid or softmax was taken of, from which its cross-entropies compute where
probabilities have no gradient left, and the mask of what counts. The rows that a loss
is called on have both, too.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.compat.own_gradients import own_gradient
from tfrwc.privacy.sgd.each_example import each_example
from tfrwc.privacy.sgd.layer_rules.layer_outputs import ACTIVATIONS

with extra("privacy"):
    import tensorflow as tf


class _Output(NamedTuple):
    """An output of the model, and what a loss sees of it.

    Attributes:
        sources: tensors (rows, ...) that it is made of, and depends on by gradients.
        joined: function of the sources to the output.
        mask: bool (rows, ...), or None.
    """

    sources: list[tf.Tensor]
    joined: Callable[..., tf.Tensor]
    mask: tf.Tensor | None


def example_losses(
    batch_loss: Callable[[Any, Any, Any], tf.Tensor], y: Any, outputs: Any, weight: Any
) -> tf.Tensor:
    """Call a loss on each row alone.

    Args:
        batch_loss: function of (y, outputs, weight) to the loss of a batch; one that
            has several values counts as their sum, as in plain training.
        y: tensors (rows, ...), or a structure of them.
        outputs: of the model, as `y`.
        weight: of the rows, or None.

    Returns:
        The losses, float32 (rows,).
    """
    parts = [_parts(output) for output in tf.nest.flatten(outputs)]
    sources = [source for part in parts for source in part.sources]
    structure = (y, weight, [part.mask for part in parts])
    given = tf.nest.flatten(structure)

    def loss_of_row(row_sources: list[tf.Tensor], row_given: list[tf.Tensor]) -> Any:
        rest, rows = iter(row_given), iter(row_sources)
        single = [None if t is None else next(rest)[None] for t in given]
        row_y, row_weight, masks = tf.nest.pack_sequence_as(structure, single)
        predicted = [
            _masked(part.joined(*(next(rows)[None] for _ in part.sources)), mask)
            for part, mask in zip(parts, masks, strict=True)
        ]
        # Losses of several outputs have metrics, of whole batches.
        with keras.StatelessScope():
            loss = batch_loss(
                row_y, tf.nest.pack_sequence_as(outputs, predicted), row_weight
            )
        return tf.cast(tf.reduce_sum(loss), tf.float32)

    # With the gradients of the examples, too, taken inside the map: XLA would
    # compile those of the map as a whole again in every step.
    @own_gradient
    def losses(*flat: tf.Tensor) -> Any:
        def of_row(row: Any, _: list[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
            row_sources, row_given = row
            with tf.GradientTape() as tape:
                tape.watch(row_sources)
                loss = loss_of_row(row_sources, row_given)
            unconnected = tf.UnconnectedGradients.ZERO
            return loss, tape.gradient(loss, row_sources, None, unconnected)

        values, gradients = each_example(
            of_row,
            (list(flat), [t for t in given if t is not None]),
            (tf.float32, [source.dtype for source in flat]),
            "The loss",
        )

        def backward(upstream: tf.Tensor) -> list[tf.Tensor]:
            factors = (tf.cast(upstream, g.dtype) for g in gradients)
            return [
                g * tf.reshape(factor, (-1, *[1] * (g.shape.rank - 1)))
                for g, factor in zip(gradients, factors, strict=True)
            ]

        return values, backward

    return losses(*sources)


def is_summed(
    batch_loss: Callable[[Any, Any, Any], tf.Tensor], y: Any, outputs: Any, weight: Any
) -> bool:
    """Whether the loss of a batch is the sum, not the mean, of those of its examples.

    Where Keras divides by the number of what counts in the batch, by masks or
    `ignore_class`, an example's loss is divided by that in the example: here,
    everything counts.

    Args:
        batch_loss, y, outputs, weight: as for `example_losses`.

    Raises:
        ValueError: if it is neither.
    """
    y = _without_ignored(batch_loss, y)
    outputs = tf.nest.map_structure(_without_mask, outputs)
    whole = float(tf.reduce_sum(batch_loss(y, outputs, weight)))
    losses = example_losses(batch_loss, y, outputs, weight).numpy()
    if np.isclose(whole, losses.mean(), rtol=1e-3, atol=1e-6):
        return False
    if np.isclose(whole, losses.sum(), rtol=1e-3, atol=1e-6):
        return True
    raise ValueError(
        "The loss must be the mean or the sum of the losses of single examples. On "
        f"made-up data it was {whole:.6g} for a batch, {losses.mean():.6g} in the mean "
        f"and {losses.sum():.6g} in the sum of its examples. Use a loss of single "
        "examples, with the reduction 'sum_over_batch_size'."
    )


def _without_ignored(batch_loss: Any, y: Any) -> Any:
    """Labels, none of which is the class that a loss of Keras' leaves out."""
    for entry in getattr(batch_loss, "_flat_losses", None) or []:
        ignored = getattr(entry.loss, "ignore_class", None)
        if ignored is not None:
            other = 1 if ignored == 0 else 0
            y = tf.nest.map_structure(
                lambda t, i=ignored, o=other: tf.where(
                    t == tf.cast(i, t.dtype), tf.cast(o, t.dtype), t
                ),
                y,
            )
    return y


def _without_mask(output: tf.Tensor) -> tf.Tensor:
    part = _parts(output)
    return part.joined(*(tf.identity(source) for source in part.sources))


def _parts(output: tf.Tensor) -> _Output:
    mask = getattr(output, "_keras_mask", None)
    logits = getattr(output, "_keras_logits", None)
    if logits is not None:
        return _Output([output, logits], _with_logits, mask)
    if tf.is_symbolic_tensor(output) and output.op.type in ACTIVATIONS:
        return _Output(list(output.op.inputs), ACTIVATIONS[output.op.type], mask)
    return _Output([output], lambda source: source, mask)


def _with_logits(output: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    output._keras_logits = logits
    return output


def _masked(output: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor:
    if mask is not None:
        output._keras_mask = mask
    return output

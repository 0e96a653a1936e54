"""A step on made-up data, which shows what breaks the guarantee of DP-SGD.

Some layers and losses mix examples before their gradients are clipped, or learn from
the data without noise, and nothing in their names says so. A step on made-up examples
shows it, before the model sees a real one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd import clipping
from tfrwc.privacy.sgd.clipping import PreparedModel
from tfrwc.privacy.sgd.example_losses import example_losses, is_summed
from tfrwc.privacy.sgd.layer_rules import Tap
from tfrwc.privacy.sgd.step import added_losses

with extra("privacy"):
    import tensorflow as tf

_EXAMPLES = 4


def made_up(data: Any) -> Any:
    """Examples like data: tensors, their specifications, or None."""
    return keras.tree.map_structure(_made_up, data)


def check_step(
    prepared: PreparedModel,
    batch_loss: Callable[[Any, Any, Any], tf.Tensor],
    data: tuple[Any, Any, Any],
) -> bool:
    """Take one step without changing a weight: does any example meet another?

    Args:
        prepared: the model.
        batch_loss: function of (y, outputs, sample_weight) to the loss of a batch.
        data: x, y and sample_weight, of `made_up`.

    Returns:
        Whether the loss of a batch is the sum of those of its examples, not their mean.

    Raises:
        ValueError: that names what mixes the examples, keeps something of them, or
            whose per-example gradients are wrong.
    """
    x, y, weight = data
    model = prepared.model
    # Seeds of dropout may advance; other state may not.
    state = [v for v in model.non_trainable_variables if "seed" not in v.path]
    before = [keras.ops.convert_to_numpy(v) for v in state]
    with tf.GradientTape(persistent=True) as tape:
        with clipping.recorded(prepared, tape) as taps:
            outputs = clipping.forward(model, x)
        _check_added_losses(model, x)
        batch_loss(y, outputs, weight)  # builds what is not built
        losses = example_losses(batch_loss, y, outputs, weight)
        first, total = losses[0], tf.reduce_sum(losses)
    _check_unchanged(state, before)
    _check_apart(tape, first, taps)
    summed = is_summed(batch_loss, y, outputs, weight)
    _check_gradients(model, tape, total, taps)
    return summed


def _check_added_losses(model: keras.Model, x: Any) -> None:
    values = [loss for layer in model._flatten_layers() for loss in layer._losses]
    added = added_losses(model, x)
    of_weights = [] if added is None else added([])
    if not all(map(np.allclose, values, of_weights)):
        raise ValueError(
            "The model calls add_loss with something of the batch, which cannot be "
            "clipped by example. Put it into a loss given to compile. (Losses of "
            "weights alone are taken.)"
        )


def _check_unchanged(
    state: Sequence[keras.Variable], before: Sequence[np.ndarray]
) -> None:
    for variable, value in zip(state, before, strict=True):
        if not np.array_equal(keras.ops.convert_to_numpy(variable), value):
            raise ValueError(
                f"The model changes its state {variable.path!r} in training, from the "
                "data and without noise. Freeze that layer, or replace it."
            )


def _check_apart(tape: tf.GradientTape, first: tf.Tensor, taps: Sequence[Tap]) -> None:
    """The loss of the first example must depend on no row but the first."""
    sources = [source for tap in taps for source in tap.sources]
    for gradient in tape.gradient(first, sources):
        if gradient is not None and (
            gradient.shape[0] != _EXAMPLES or np.any(gradient[1:].numpy() != 0)
        ):
            raise ValueError(
                "The loss of one example depends on others of its batch: some layer "
                "mixes them. Every layer must treat the examples (the first axis) one "
                "by one."
            )


def _check_gradients(
    model: keras.Model, tape: tf.GradientTape, total: tf.Tensor, taps: Sequence[Tap]
) -> None:
    """The examples' gradients must add up to that of the batch, for every weight."""
    parts = clipping.per_example(tape, total, taps)
    variables = model.trainable_variables
    types = {layer.compute_dtype for layer in model._flatten_layers()}
    tolerance = 0.1 if types & {"float16", "bfloat16"} else 1e-3
    gradients = tape.gradient(total, [v.value for v in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        if gradient is None:
            continue
        expected = tf.cast(tf.convert_to_tensor(gradient), tf.float32)
        actual = tf.zeros_like(expected)
        if id(variable) in parts:
            actual = parts[id(variable)].form.weighted_sum(tf.ones(_EXAMPLES))
        error = float(tf.norm(actual - expected))
        if not error <= tolerance * float(tf.norm(expected)) + 1e-6:
            raise ValueError(
                f"The gradients of weight {variable.path!r} for single examples do not "
                "add up to that for their batch: some layer uses it in a way that "
                "cannot be followed, such as another layer's weight without calling "
                "that layer. Put both uses into one layer that owns the weight. (Or "
                "the rule that was registered for its layer is wrong.)"
            )


def _made_up(tensor: Any) -> tf.Tensor | None:
    if tensor is None or isinstance(tensor, tf.OptionalSpec):
        return None
    shape = (_EXAMPLES, *(8 if n is None else n for n in tensor.shape[1:]))
    rng = np.random.default_rng(0)
    if tf.as_dtype(tensor.dtype).is_floating:
        return tf.constant(rng.uniform(0.1, 0.9, shape), tensor.dtype)
    return tf.cast(tf.constant(rng.integers(0, 2, shape)), tensor.dtype)

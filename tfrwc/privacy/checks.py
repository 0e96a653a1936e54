"""Models and settings that would break the guarantee of DP-SGD, and their remedies.

DP-SGD bounds what one example does to a step. That fails wherever examples meet before
their gradients are clipped, or where something is learned from the data past the
noise. Whatever is found is refused, with what to do instead.
"""

import math

import keras
import numpy as np
from keras.optimizers import LossScaleOptimizer

from tfrwc.compat.extras import extra
from tfrwc.privacy import _clipping
from tfrwc.privacy.sampling import PoissonBatches

with extra("privacy"):
    import tensorflow as tf

_EXAMPLES = 4


def check_layers(model):
    """Raise ValueError for layers that mix examples or learn past the noise."""
    layers = list(model._flatten_layers())
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            raise ValueError(
                f"Layer {layer.name!r} is a BatchNormalization, which mixes the "
                "examples of a batch and keeps their statistics without noise. Use "
                "tfrwc.privacy.replace_batch_norm(model, by='group') or by='frozen', "
                "or set its trainable to False if its statistics are from public data."
            )
        if getattr(layer, "activity_regularizer", None) is not None:
            raise ValueError(
                f"Layer {layer.name!r} has an activity_regularizer, a loss over the "
                "whole batch. Leave it out, or regularise the kernel."
            )
    for name in ("train_step", "compute_loss", "compute_metrics"):
        if getattr(type(model), name) is not getattr(keras.Model, name):
            raise ValueError(
                f"{type(model).__name__} has a {name} of its own, which private "
                "training would bypass. Give the loss and metrics to compile, and "
                "leave the step to the private model."
            )


def check_settings(optimizer, loss, steps_per_execution):
    """Raise ValueError for arguments of compile that break the account."""
    if loss is None:
        raise ValueError(
            "Private training needs a loss, of single examples, in compile. Received: "
            "loss=None."
        )
    if steps_per_execution != 1:
        raise ValueError(
            "steps_per_execution must be 1: whether the privacy budget allows a step "
            f"is asked before each. Received: {steps_per_execution!r}. Leave it out."
        )
    optimizer = keras.optimizers.get(optimizer)
    if optimizer.gradient_accumulation_steps:
        raise ValueError(
            "gradient_accumulation_steps would add noise to every part of a batch. "
            f"Received: {optimizer.gradient_accumulation_steps}. Give make_private the "
            "whole batch_size, and physical_batch_size for what fits in memory."
        )
    if isinstance(optimizer, LossScaleOptimizer):
        raise ValueError(
            "A LossScaleOptimizer changes its scale when gradients overflow, which "
            "tells about single examples. Give its inner optimizer alone: in float16 "
            "losses are scaled by a constant."
        )
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise ValueError(
            "Under a distribution strategy each replica would add noise of its own. "
            "Train on one device."
        )


def made_up(data):
    """Examples like data: tensors, their specifications, or None."""
    return keras.tree.map_structure(_made_up, data)


def check_step(model, batch_loss, losses, data):
    """Try one step on made-up examples: does any meet another?

    Args:
        model: the Keras model, built by this if it was not.
        batch_loss: function of (y, outputs, sample_weight) to the loss of a batch.
        losses: the same to the losses of its examples.
        data: x, y and sample_weight, of `made_up`.

    Raises:
        ValueError: naming what mixes the examples.
    """
    x, y, weight = data
    _clipping.call(model, x)  # builds what is not built
    check_layers(model)
    # Seeds of dropout may advance; other state may not.
    state = [v for v in model.non_trainable_variables if "seed" not in v.path]
    before = [keras.ops.convert_to_numpy(v) for v in state]
    with tf.GradientTape(persistent=True) as tape:
        with _clipping.recorded(model, tape) as taps:
            outputs = _clipping.call(model, x)
        if any(layer._losses for layer in model._flatten_layers()):
            raise ValueError(
                "The model calls add_loss with something of the batch, which cannot "
                "be clipped by example. Put it into a loss given to compile."
            )
        whole = float(batch_loss(y, outputs, weight))
        each = losses(y, outputs, weight)
        first, total = each[0], tf.reduce_sum(each)
    for variable, old in zip(state, before, strict=True):
        if not np.array_equal(keras.ops.convert_to_numpy(variable), old):
            raise ValueError(
                f"The model changes its state {variable.path!r} in training, from the "
                "data and without noise. Freeze that layer, or replace it."
            )
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
    if not np.isclose(whole, np.mean(each), rtol=1e-3, atol=1e-6):
        raise ValueError(
            "The loss must be the mean of the losses of single examples. On made-up "
            f"data it was {whole:.6g} for a batch, and {np.mean(each):.6g} in the mean "
            "of its examples. Use a loss of single examples, with the reduction "
            "'sum_over_batch_size'."
        )

    _check_gradients(model, tape, total, taps)


def _check_gradients(model, tape, total, taps):
    """The examples' gradients must add up to that of the batch, for every weight."""
    parts = _clipping.per_example(tape, total, taps)
    variables = model.trainable_variables
    low = {layer.compute_dtype for layer in model._flatten_layers()}
    tolerance = 0.1 if low & {"float16", "bfloat16"} else 1e-3
    for variable, gradient in zip(
        variables, tape.gradient(total, [v.value for v in variables]), strict=True
    ):
        if gradient is None:
            continue
        expected = tf.cast(tf.convert_to_tensor(gradient), tf.float32)
        found = tf.zeros_like(expected)
        if id(variable) in parts:
            found = parts[id(variable)][0].weighted_sum(tf.ones(_EXAMPLES))
        error = float(tf.norm(found - expected))
        if not error <= tolerance * float(tf.norm(expected)) + 1e-6:
            raise ValueError(
                f"The gradients of weight {variable.path!r} for single examples do not "
                "add up to that for their batch: some layer uses it in a way that "
                "cannot be followed, such as another layer's weight without calling "
                "that layer. Put both uses into one layer that owns the weight."
            )


def check_data(x, batch_size, validation_split, private):
    """The number of steps of an epoch, None if it cannot be known.

    Args:
        x, batch_size, validation_split: of fit.
        private: the `PrivateModel`.

    Raises:
        ValueError: if the account is for other data or batches.
    """
    if batch_size not in (None, private.batch_size):
        raise ValueError(
            f"The account is for batch_size = {private.batch_size}, given to "
            f"make_private. Received: {batch_size}. Leave it out of fit."
        )
    found, size, steps = private.train_size, private.batch_size, None
    if isinstance(x, PoissonBatches):
        found, size = x.train_size, x.batch_size
    elif isinstance(x, tf.data.Dataset):
        spec = keras.tree.flatten(x.element_spec)[0].shape
        size = spec[0] or size
        count = int(x.cardinality())
        steps = count if count >= 0 else None
    elif not makes_batches(x):
        found = int(len(keras.tree.flatten(x)[0]) * (1 - validation_split))
        steps = math.ceil(found / size)
    if (found, size) != (private.train_size, private.batch_size):
        raise ValueError(
            f"The account is for train_size = {private.train_size} and batch_size = "
            f"{private.batch_size}, given to make_private. Received: {found} examples "
            f"in batches of {size}."
        )
    return len(x) if isinstance(x, keras.utils.PyDataset) else steps


def makes_batches(x):
    """Whether what is given to fit as x makes batches of its own."""
    made = (tf.data.Dataset, keras.utils.PyDataset)
    return isinstance(x, made) or hasattr(x, "__next__")


def _made_up(tensor):
    if tensor is None or isinstance(tensor, tf.OptionalSpec):
        return None
    shape = (_EXAMPLES, *(8 if n is None else n for n in tensor.shape[1:]))
    rng = np.random.default_rng(0)
    if tf.as_dtype(tensor.dtype).is_floating:
        return tf.constant(rng.uniform(0.1, 0.9, shape), tensor.dtype)
    return tf.cast(tf.constant(rng.integers(0, 2, shape)), tensor.dtype)

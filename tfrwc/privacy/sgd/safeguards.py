"""Models and settings that would break the guarantee of DP-SGD.

DP-SGD bounds what one example does to a step. The bound fails where examples are mixed
before their gradients are clipped, and where something is learned from the data without
noise. Models and settings that are known to do so are refused here, and the error says
what to do instead; the others are found out by asking, see
`tfrwc.privacy.sgd.independence.inquiry`.
"""

from typing import Any

import keras
from keras.optimizers import LossScaleOptimizer

_MIXING = (keras.layers.MixUp, keras.layers.CutMix)


def check_layers(model: keras.Model) -> None:
    """Raise ValueError for layers that mix examples or learn without noise, or if none
    learns."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            raise ValueError(
                f"Layer {layer.name!r} is a BatchNormalization, which mixes the "
                "examples of a batch and keeps their statistics without noise. Use "
                "tfrwc.privacy.replace_batch_norm(model, by='group') or by='frozen', "
                "or set its trainable to False if its statistics are from public data, "
                "also where it is only called with training=False."
            )
        if isinstance(layer, _MIXING):
            raise ValueError(
                f"Layer {layer.name!r} is a {type(layer).__name__}, which mixes the "
                "examples of a batch. Leave it out, or augment each example by itself."
            )
        if getattr(layer, "stateful", False):
            raise ValueError(
                f"Layer {layer.name!r} is stateful: it keeps something of a batch for "
                "the next, without noise. Leave out stateful=True."
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
    if model.built and not model.trainable_variables:
        raise ValueError(
            f"Model {model.name!r} has no weights to train: all of its layers are "
            "frozen, or have none. Set trainable of some to True."
        )


def check_compilation(optimizer: Any, loss: Any) -> None:
    """Raise ValueError for arguments of compile that break the account."""
    if loss is None:
        raise ValueError(
            "Private training needs a loss, of single examples, in compile. Received: "
            "loss=None."
        )
    check_optimizer(keras.optimizers.get(optimizer))


def check_loop(steps_per_execution: int, replicas: int) -> None:
    """Raise ValueError for settings of Keras' loop that break the account.

    Args:
        steps_per_execution: of compile, or set since.
        replicas: of the model's distribution strategy.
    """
    if steps_per_execution != 1:
        raise ValueError(
            "steps_per_execution must be 1: whether the privacy budget allows a step "
            f"is asked before each. Received: {steps_per_execution!r}. Leave it out."
        )
    if replicas > 1:
        raise ValueError(
            "Under a distribution strategy each replica would add noise of its own. "
            "Train on one device."
        )


def check_optimizer(optimizer: keras.optimizers.Optimizer) -> None:
    """Raise ValueError for an optimizer, or one inside it, that does more with
    gradients than take a step."""
    # Those inside a MultiOptimizer may be known only once it is built.
    for each in (optimizer, *getattr(optimizer, "optimizers", ())):
        if each.gradient_accumulation_steps:
            raise ValueError(
                "gradient_accumulation_steps would add noise to every part of a batch. "
                f"Received: {each.gradient_accumulation_steps}. Give make_private the "
                "whole batch_size, and physical_batch_size for what fits in memory."
            )
        if isinstance(each, LossScaleOptimizer):
            raise ValueError(
                "A LossScaleOptimizer changes its scale when gradients overflow, which "
                "tells about single examples. Give its inner optimizer alone: in "
                "float16 losses are scaled by a constant."
            )

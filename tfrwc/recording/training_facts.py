"""What a model says of its training: optimizer, loss, and the activations of layers.

Weights alone do not tell why they move as they do: Adam divides the size of gradients
out, and a saturated activation passes none. So a recording keeps these few words.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import log
from operator import index
from typing import Any

from tfrwc.compat.extras import keras_backend
from tfrwc.recording.initial_spread import initial_spread
from tfrwc.recording.watch import Tensor

with keras_backend():
    import keras

# Layers that may stand between a kernel and its activation.
_BETWEEN = (
    "BatchNormalization",
    "Dropout",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "Flatten",
    "Reshape",
)
_ACTIVATIONS = {
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}
# Reductions to a mean over examples.
_MEANS = ("sum_over_batch_size", "mean", "mean_with_sample_weight")


def training_facts(
    model: Any, tensors: Iterable[Tensor], steps_per_epoch: int | None = None
) -> dict[str, Any]:
    """Facts of a training, as plain data.

    Args:
        model: a built Keras model.
        tensors: that are watched.
        steps_per_epoch: batches in an epoch, if known.

    Returns:
        ``optimizer``, the name of its class; ``loss``, such as
        ``"binary_crossentropy"``, and ``from_logits``; ``regularised``, whether losses
        of weights are added; ``scaled``, whether the loss is weighted or summed, or
        layers add to it; ``dropout``, the highest rate of all layers; ``lag``, the
        steps after which the moving averages of normalisations are of the present
        weights by 99 %; ``steps_per_epoch``; ``activations``, of the layer of each
        tensor; ``initial_spread``, the same as `recording.initial_spread` gives it; and
        ``output``, a dict of the last layer's ``units`` and ``activation``. What is not
        known, as of a model that is not compiled or is subclassed, is None. If the
        model raises when it is asked, there is only ``unknown``, the error in words.
    """
    try:
        facts = _facts(model, list(tensors), steps_per_epoch)
        plain: dict[str, Any] = json.loads(json.dumps(facts, default=_number))
        return plain
    # What properties of somebody's model raise is not known, and no word about a
    # training is worth it.
    except Exception as error:
        return {"unknown": f"{type(error).__name__}: {str(error)[:200]}"}


def _number(value: Any) -> int | float:
    """A number of another library as one of Python."""
    try:
        return index(value)
    except TypeError:
        return float(value)


def _facts(
    model: Any, tensors: list[Tensor], steps_per_epoch: int | None
) -> dict[str, Any]:
    loss, from_logits = _loss(getattr(model, "loss", None))
    optimizer = getattr(model, "optimizer", None)
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    chain = layers_in_a_row(model)
    by_path = dict(_activations(chain))
    spread = {x.kernel.path: initial_spread(x) for x in chain if hasattr(x, "kernel")}
    return {
        "optimizer": None if inner is None else type(inner).__name__,
        "loss": loss,
        "from_logits": from_logits,
        "regularised": any(getattr(v, "regularizer", None) for v in model.weights),
        "scaled": _is_scaled(model),
        "dropout": max(map(_dropout, chain), default=0.0),
        "lag": max(map(_lag, model._flatten_layers(include_self=False)), default=0),
        "steps_per_epoch": steps_per_epoch,
        "activations": [by_path.get(tensor.path) for tensor in tensors],
        "initial_spread": [spread.get(tensor.path) for tensor in tensors],
        "output": _output(model, chain),
    }


def _loss(loss: Any) -> tuple[str | None, bool]:
    """The name of a loss and whether it takes logits."""
    loss = _alone(loss)
    if not isinstance(loss, (str, keras.losses.Loss)) and not callable(loss):
        return None, False
    try:
        known = keras.losses.get(loss)
    except (ValueError, TypeError):
        return None, False
    config = getattr(known, "_fn_kwargs", None) or {}
    function = getattr(known, "fn", known)
    name = getattr(function, "__name__", None)
    return name, bool(config.get("from_logits", False))


def _alone(loss: Any) -> Any:
    """The loss of a list or a dict of one."""
    if isinstance(loss, (list, tuple)) and len(loss) == 1:
        return loss[0]
    if isinstance(loss, dict) and len(loss) == 1:
        return next(iter(loss.values()))
    return loss


def _is_scaled(model: Any) -> bool:
    """Whether the logged loss is no mean over examples, or has terms of layers."""
    whole = getattr(model, "_compile_loss", None)
    loss = _alone(getattr(model, "loss", None))
    layers = list(model._flatten_layers(include_self=True))
    return bool(
        getattr(whole, "_user_loss_weights", None) is not None
        or getattr(loss, "reduction", _MEANS[0]) not in _MEANS
        or any(getattr(layer, "activity_regularizer", None) for layer in layers)
        or any(map(_adds_losses, layers))
    )


def _adds_losses(layer: Any) -> bool:
    """Whether a layer calls `add_loss`: the losses themselves come with each step."""
    code = getattr(type(layer).call, "__code__", None)
    return code is not None and "add_loss" in code.co_names


def layers_in_a_row(model: Any) -> list[Any]:
    """The layers of a model in which each feeds the next alone; else none."""
    layers = [
        layer
        for layer in getattr(model, "layers", [])
        if not isinstance(layer, keras.layers.InputLayer)
    ]
    if isinstance(model, keras.Sequential):
        flat: list[Any] = []
        for layer in layers:
            flat += (
                layers_in_a_row(layer) if isinstance(layer, keras.Model) else [layer]
            )
        return flat
    if not isinstance(model, keras.Model) or not getattr(model, "inputs", None):
        return []
    for one, other in pairwise(layers):
        if len(one._outbound_nodes) != 1 or len(other._inbound_nodes) != 1:
            return []
        if one._outbound_nodes[0].operation is not other:
            return []
    return layers


def _activations(chain: list[Any]) -> Iterator[tuple[str, str]]:
    """The path of each weight of a chain, and the activation behind its layer."""
    for number, layer in enumerate(chain):
        name = _own_activation(layer)
        if name is None:
            continue
        for other in chain[number + 1 :] if name == "linear" else ():
            name = _activation_layer(other) or name
            if name != "linear" or type(other).__name__ not in _BETWEEN:
                break
        for variable in layer.variables:
            yield variable.path, name


def activation_after(layer: Any) -> str | None:
    """The name of the activation that a layer is or has; None for neither."""
    return _activation_layer(layer) or _own_activation(layer)


def _own_activation(layer: Any) -> str | None:
    """The name of a layer's activation, if it has one."""
    activation = getattr(layer, "activation", None)
    return None if activation is None else getattr(activation, "__name__", None)


def _activation_layer(layer: Any) -> str | None:
    """The name of the activation that a layer without weights of a kernel is."""
    if type(layer) is keras.layers.Activation:
        return _own_activation(layer)
    return _ACTIVATIONS.get(type(layer).__name__)


def _dropout(layer: Any) -> float:
    """The share of values that a layer leaves out in training."""
    return float(layer.rate) if "Dropout" in type(layer).__name__ else 0.0


def _lag(layer: Any) -> int:
    """Steps in which 99 % of a layer's moving averages are made anew; 0 without any."""
    momentum = getattr(layer, "momentum", None)
    if not hasattr(layer, "moving_mean") or not 0 < (momentum or 0) < 1:
        return 0
    return round(log(0.01) / log(momentum))


def _output(model: Any, chain: list[Any]) -> dict[str, Any] | None:
    """Units and activation of the last layer of a model with one output."""
    outputs = getattr(model, "outputs", None) or []
    if len(outputs) != 1 or not outputs[0].shape:
        return None
    activation = None
    for layer in reversed(chain or _layers_of_output(model)):
        activation = activation_after(layer)
        if activation is not None or type(layer).__name__ not in _BETWEEN:
            break
    return {"units": outputs[0].shape[-1], "activation": activation}


def _layers_of_output(model: Any) -> list[Any]:
    """The layer that makes the output of a functional model."""
    history = getattr(model.outputs[0], "_keras_history", None)
    return [] if history is None else [history.operation]

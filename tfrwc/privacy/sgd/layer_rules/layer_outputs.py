"""The outputs of a layer, taken apart into tensors that can be watched each by itself.

An output may be in another one, or be there twice, as the state of a recurrent layer
is; then the gradient of the one has that of the other in it. And Keras' cross-entropies
go back from a sigmoid or softmax to what it was taken of, past the output itself. So
the outputs are copied, and what they were taken of is watched, too.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf

# Operations from which, in a graph, Keras' cross-entropies go back to the logits.
ACTIVATIONS = {"Softmax": tf.nn.softmax, "Sigmoid": tf.nn.sigmoid}


class Outputs(NamedTuple):
    """Outputs of a layer.

    Attributes:
        structure: of tensors, as the layer returns them.
        sources: real tensors that they are made of, and depend on by gradients.
        kinds: what each is made of: "whole numbers", "logits" beside itself, an
            operation of `ACTIVATIONS`, or "itself".
    """

    structure: Any
    sources: list[tf.Tensor]
    kinds: list[str]


def sources_of(outputs: Any, kinds: list[str]) -> list[tf.Tensor]:
    """The tensors that outputs of these kinds are made of."""
    sources: list[tf.Tensor] = []
    for tensor, kind in zip(tf.nest.flatten(outputs), kinds, strict=True):
        if kind in ACTIVATIONS:
            sources.append(tensor.op.inputs[0])
        elif kind != "whole numbers":
            sources.append(tensor)
        if kind == "logits":
            sources.append(tensor._keras_logits)
    return sources


def apart(outputs: Any, watch: Callable[[tf.Tensor], tf.Tensor]) -> Outputs:
    """Outputs that are made of tensors which nothing else is made of.

    Args:
        outputs: of a layer.
        watch: called with each of these tensors, and returns it.
    """
    kinds = [_kind(tensor) for tensor in tf.nest.flatten(outputs)]
    sources = [watch(tf.identity(source)) for source in sources_of(outputs, kinds)]
    rest = iter(sources)
    flat = []
    for tensor, kind in zip(tf.nest.flatten(outputs), kinds, strict=True):
        if kind in ACTIVATIONS:
            flat.append(ACTIVATIONS[kind](next(rest)))
        elif kind == "whole numbers":
            flat.append(tensor)
        else:
            flat.append(next(rest))
        if kind == "logits":
            flat[-1]._keras_logits = next(rest)
        if getattr(tensor, "_keras_mask", None) is not None:
            flat[-1]._keras_mask = tensor._keras_mask
    return Outputs(tf.nest.pack_sequence_as(outputs, flat), sources, kinds)


def _kind(tensor: tf.Tensor) -> str:
    if not tensor.dtype.is_floating:
        return "whole numbers"
    if getattr(tensor, "_keras_logits", None) is not None:
        return "logits"
    if tf.is_symbolic_tensor(tensor) and tensor.op.type in ACTIVATIONS:
        return str(tensor.op.type)
    return "itself"

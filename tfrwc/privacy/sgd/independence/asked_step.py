"""A training step that is asked about examples, as a graph for batches of all sizes."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.independence.answers import Answer
from tfrwc.privacy.sgd.independence.example_batches import Data
from tfrwc.privacy.sgd.independence.training_state import TrainingState

with extra("privacy"):
    import tensorflow as tf

Ask = Callable[[Any, tf.Tensor], Answer]


class Step(NamedTuple):
    """What is asked.

    Attributes:
        ask: function of x, y and sample_weight (or None), and of a weight for each
            example, float32 (examples,), above 0 for those that are asked about.
        outputs: as `ask`, but of outputs alone.
        quiet: as `outputs`, but without random numbers of layers that have them in
            training alone.
        layer: that is asked about, and called by `ask` in training.
        subject: what the layer is called in messages.
        blame: function of the state to compute in, of two batches, and of the places
            of the examples that both have, to the layer where these become different;
            "" if it is not clear.
    """

    ask: Ask
    outputs: Ask
    quiet: Ask
    layer: keras.Layer
    subject: str
    blame: Callable[[TrainingState, Data, Data, Sequence[int]], str]


def fixed_size(layer: keras.Layer) -> int | None:
    """The size of batches that a model was made for, or was built with by its first."""
    inputs = getattr(layer, "inputs", None)
    shapes = [tensor.shape for tensor in tf.nest.flatten(inputs) if tensor is not None]
    sizes = {shape[0] for shape in shapes if shape[0] is not None}
    return min(sizes, default=None)


def of_any_size(spec: tf.TensorSpec | None) -> tf.TensorSpec | None:
    if spec is None:
        return None
    return tf.TensorSpec((None, *spec.shape[1:]), spec.dtype)


def traced(ask: Ask, specs: Any) -> tuple[Ask, tf.Graph]:
    """A step as a graph for batches of all sizes, and the graph."""
    signature = [spec for spec in tf.nest.flatten(specs) if spec is not None]

    def flat(weights: tf.Tensor, *tensors: tf.Tensor) -> Answer:
        rest = iter(tensors)
        data = [None if s is None else next(rest) for s in tf.nest.flatten(specs)]
        return ask(tf.nest.pack_sequence_as(specs, data), weights)

    size = signature[0].shape[:1]
    function = tf.function(
        flat,
        input_signature=[tf.TensorSpec(size, tf.float32), *signature],
        autograph=False,
    )

    def call(data: Any, weights: Any) -> Answer:
        tensors = [t for t in tf.nest.flatten(data) if t is not None]
        answer: Answer = function(weights, *tensors)
        return answer

    return call, function.get_concrete_function().graph


def answer_or_none(
    ask: Ask, data: Data, weights: Any, certain: bool = False
) -> Answer | None:
    """The answer; None if a layer does not compute on such values."""
    try:
        return ask(data, weights)
    except tf.errors.InvalidArgumentError:
        if certain:
            raise
        return None

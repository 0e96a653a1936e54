"""The questions to a model and to an augmentation: `independence.Step` of each."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd import clipping
from tfrwc.privacy.sgd.clipping import PreparedModel
from tfrwc.privacy.sgd.example_losses import example_losses
from tfrwc.privacy.sgd.independence.answers import Answer
from tfrwc.privacy.sgd.independence.asked_step import Step
from tfrwc.privacy.sgd.independence.mixing_layer import mixing_layer

with extra("privacy"):
    import tensorflow as tf

Views = Callable[[Any], Any]  # x, y and sample_weight, to those of all rows


def of_model(
    prepared: PreparedModel,
    batch_loss: Callable[[Any, Any, Any], tf.Tensor],
    rows: Views,
    views: int = 1,
    augmentation: keras.Layer | None = None,
) -> Step:
    """What does an example give to a step: outputs, losses, clipped gradients?

    Args:
        prepared: the model.
        batch_loss: function of (y, outputs, sample_weight) to the loss of a batch.
        rows: function of x, y and sample_weight to those of the views.
        views: rows of each example.
        augmentation: Keras layer that makes the views, or None.
    """
    model = prepared.model
    random = [model] if augmentation is None else [model, augmentation]

    def ask(data: Any, weights: tf.Tensor) -> Answer:
        x, y, weight = rows(keras.tree.map_structure(_tensor, data))
        scale = prepared.loss_scale
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            with clipping.recorded(prepared, tape, views) as taps:
                outputs = clipping.forward(model, x)
            losses = example_losses(batch_loss, y, outputs, weight)
            total = tf.reduce_sum(losses) * (scale / views)
        parts = clipping.per_example(tape, total, taps, scale)
        norms = tf.sqrt(tf.add_n([part.square_norms for part in parts.values()]))
        asked = weights > 0
        usable = asked & tf.math.is_finite(norms) & (norms > 0)
        factors = tf.where(usable, weights / tf.where(usable, norms, 1.0), 0.0)
        values = _values("output", outputs, asked, views)
        values |= _values("loss", losses, asked, views)
        gradients = {
            f"{i} {part.form.variable.path}": part.form.only(usable).weighted_sum(
                factors
            )
            for i, part in enumerate(parts.values())
        }
        return Answer(values, tf.boolean_mask(norms, asked), gradients)

    def outputs(data: Any) -> Any:
        return clipping.forward(model, rows(data)[0])

    return _step(ask, outputs, model, "The model", views, random)


def of_augmentation(layer: keras.Layer, rows: Views, views: int) -> Step:
    """What are the views of an example?

    Args:
        layer: of `make_private`.
        rows, views: as for `of_model`.
    """

    def outputs(data: Any) -> Any:
        return rows(data)[0]

    def ask(data: Any, weights: tf.Tensor) -> Answer:
        asked = weights > 0
        data = keras.tree.map_structure(_tensor, data)
        values = _values("view", outputs(data), asked, views)
        return Answer(values, _nothing(asked), {})

    return _step(ask, outputs, layer, f"augmentation {layer.name!r}", views, [layer])


def _step(
    ask: Callable[[Any, tf.Tensor], Answer],
    outputs: Callable[[Any], Any],
    layer: keras.Layer,
    subject: str,
    views: int,
    random: Sequence[keras.Layer],
) -> Step:
    def outputs_alone(data: Any, weights: tf.Tensor) -> Answer:
        data = keras.tree.map_structure(_tensor, data)
        asked = weights > 0
        values = _values("output", outputs(data), asked, views)
        return Answer(values, _nothing(asked), {})

    def quiet(data: Any, weights: tf.Tensor) -> Answer:
        with _without_draws(random):
            return outputs_alone(data, weights)

    def blame(state: Any, one: Any, other: Any, places: Sequence[int]) -> str:
        tensors = keras.tree.map_structure(_tensor, (one, other))
        return mixing_layer(layer, outputs, state, tensors, places, views)

    return Step(ask, outputs_alone, quiet, layer, subject, blame)


def _values(
    what: str, outputs: Any, asked: tf.Tensor, views: int
) -> dict[str, tf.Tensor]:
    """Of the examples that are asked about, (examples, views, ...)."""
    rows = tf.repeat(asked, views)

    def by_example(tensor: tf.Tensor) -> tf.Tensor:
        values = tf.boolean_mask(tensor, rows)
        return tf.reshape(values, tf.concat([[-1, views], tf.shape(values)[1:]], 0))

    tensors = enumerate(tf.nest.flatten(outputs))
    return {f"{what} {i}" if i else what: by_example(t) for i, t in tensors}


def _nothing(asked: tf.Tensor) -> tf.Tensor:
    """Norms of gradients that were not asked for."""
    return tf.zeros(tf.math.count_nonzero(asked))


def _tensor(array: Any) -> Any:
    return None if array is None else tf.convert_to_tensor(array)


@contextlib.contextmanager
def _without_draws(layers: Sequence[keras.Layer]) -> Iterator[None]:
    """Within the block, layers with random numbers are called as outside training."""
    random = [
        inner
        for layer in layers
        for inner in layer._flatten_layers()
        if inner._seed_generators and inner._call_has_training_arg
    ]
    for inner in random:
        vars(inner)["call"] = _outside_training(inner.call)
    try:
        yield
    finally:
        for inner in random:
            del vars(inner)["call"]


def _outside_training(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: function(*args, **(kwargs | {"training": False}))

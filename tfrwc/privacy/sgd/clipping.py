"""The sum of a batch's clipped per-example gradients, in one backward pass."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.groups import Groups
from tfrwc.privacy.sgd.layer_rules import LayerCall, Rule, Tap
from tfrwc.privacy.sgd.per_example import Ghost, PerExample
from tfrwc.privacy.sgd.tapped_layers import TappedLayer, tapped_layers

with extra("privacy"):
    import tensorflow as tf

# Of losses in float16, whose gradients would otherwise vanish. Gradients of single
# examples are not divided by the batch size, so that little is needed.
_FLOAT16_SCALE = 128.0


@dataclass(frozen=True, eq=False)
class PreparedModel:
    """A model that is ready for per-example gradients; made by `prepare`.

    Attributes:
        model: built.
        layers: whose calls give all trained weights.
        loss_scale: that losses are multiplied by in the backward pass.
        trained: of `what_is_trained`, when it was prepared.
    """

    model: keras.Model
    layers: tuple[TappedLayer, ...]
    loss_scale: float
    trained: frozenset[int]


class Clipped(NamedTuple):
    """Result of a backward pass.

    Attributes:
        sums: by `id` of a variable, the sum of its clipped gradients, float32.
        norms: L2 norms of the whole gradients of examples, or of units, before
            clipping, (batch,).
        outputs: of the model, (rows, ...).
    """

    sums: dict[int, tf.Tensor]
    norms: tf.Tensor
    outputs: Any


class Gradients(NamedTuple):
    """Gradients of one variable for each example, and their squared norms (batch,)."""

    form: PerExample | Ghost
    square_norms: tf.Tensor


def prepare(model: keras.Model, x: Any = None) -> PreparedModel:
    """Look up the rules for a model's layers, once for many steps.

    Where a layer inside another is called on something else than the examples, such as
    an embedding on positions, which are the same for all, the outer one is
    differentiated example by example.

    Args:
        model: a built Keras model. If layers of it are frozen or no longer so, or a
            rule is registered, it must be prepared again.
        x: some inputs, to see what layers are called on; None if all are called on
            the examples.
    """
    types = {layer.compute_dtype for layer in model._flatten_layers()}
    scale = _FLOAT16_SCALE if "float16" in types else 1.0
    tapped = tapped_layers(model, lambda rows: forward(model, rows), x)
    return PreparedModel(model, tapped, scale, what_is_trained(model))


def what_is_trained(model: keras.Model) -> frozenset[int]:
    """Ids of the layers of a model that are not frozen, and of the weights that are
    trained."""
    layers = (layer for layer in model._flatten_layers() if layer.trainable)
    return frozenset(map(id, (*layers, *model.trainable_variables)))


def clipped_sums(
    prepared: PreparedModel,
    losses: Callable[[Any], tf.Tensor],
    x: Any,
    clip: float,
    views: int = 1,
    jit_compile: bool = False,
    groups: Groups | None = None,
) -> Clipped:
    """Sum the gradients of a batch's examples, each scaled down to a norm.

    The gradient of an example is the mean of those of its views. Where units have
    several examples, it is the means over these that are scaled down and summed, as
    below for examples.

    An example whose gradient is not finite counts as zero: what it adds to the sums
    stays within `clip` whatever it is.

    Args:
        prepared: the model, of `prepare`.
        losses: function that takes the model's outputs to the losses of the rows.
        x: inputs (rows, ...), for each example `views` rows, one after the other.
        clip: greatest L2 norm of an example's gradient, over all weights together.
        views: number of views of each example.
        jit_compile: whether this is compiled by XLA.
        groups: which examples belong to a unit; None if each is one of its own.
    """
    scale = prepared.loss_scale
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        with recorded(prepared, tape, views) as taps:
            outputs = forward(prepared.model, x)
        of_rows = losses(outputs)
        if groups is not None:
            of_rows *= tf.repeat(groups.of_examples(_shares(groups)), views)
        total = tf.reduce_sum(of_rows) * (scale / views)
    gradients = per_example(tape, total, taps, scale, groups)
    norms = tf.sqrt(tf.add_n([part.square_norms for part in gradients.values()]))
    finite = tf.math.is_finite(norms)
    weights = tf.where(norms > clip, clip / norms, 1.0)
    forms = [part.form for part in gradients.values()]

    def of_all() -> list[tf.Tensor]:
        return [form.weighted_sum(weights) for form in forms]

    def of_finite() -> list[tf.Tensor]:
        # 0 times infinity would be no number: their values are taken out instead.
        zeroed = tf.where(finite, weights, 0.0)
        return [form.only(finite).weighted_sum(zeroed) for form in forms]

    if jit_compile:  # a branch is slower there than taking values out always
        sums = of_finite()
    else:
        sums = tf.cond(tf.reduce_all(finite), of_all, of_finite)
    return Clipped(dict(zip(gradients, sums, strict=True)), norms, outputs)


def per_example(
    tape: tf.GradientTape,
    total: tf.Tensor,
    taps: Sequence[Tap],
    scale: float = 1.0,
    groups: Groups | None = None,
) -> dict[int, Gradients]:
    """Gradients of the examples' or units' losses, by id of the variable.

    Args:
        tape: under which the layers were called.
        total: sum of the losses, times `scale`.
        taps: of the layers' calls.
        scale: that the gradients are divided by.
        groups: of `clipped_sums`.
    """
    sources = [source for tap in taps for source in tap.sources]
    gradients = tape.gradient(
        total, sources, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    # A gradient may be sparse, or of no shape that is known.
    gradients = [tf.cast(tf.convert_to_tensor(g), tf.float32) for g in gradients]
    for gradient, source in zip(gradients, sources, strict=True):
        gradient.set_shape(source.shape)
    rest = iter(gradients if scale == 1 else [g / scale for g in gradients])
    by_tap = [[next(rest) for _ in tap.sources] for tap in taps]
    parts: dict[int, list[Gradients]] = {}
    last: list[tf.Tensor] = []
    # In the order of the backward pass, and one layer after the other: what a layer
    # needs for its norms can be large, and is gone before the next one begins.
    for tap, source_gradients in zip(reversed(taps), reversed(by_tap), strict=True):
        with tf.control_dependencies(last):
            for form in tap.gradients(source_gradients):
                if form.variable.trainable:
                    form = form if groups is None else form.grouped(groups)
                    part = Gradients(form, form.square_norms())
                    parts.setdefault(id(form.variable), []).append(part)
                    last = [part.square_norms]
    return {key: _joined(several) for key, several in parts.items()}


def forward(model: keras.Model, x: Any) -> Any:
    """A model's outputs in training."""
    if model._call_has_training_arg:
        return model(x, training=True)
    return model(x)


@contextlib.contextmanager
def recorded(
    prepared: PreparedModel, tape: tf.GradientTape, views: int = 1
) -> Iterator[list[Tap]]:
    """Within the block, calls of the layers go through their rules.

    Args:
        prepared: the model, of `prepare`.
        tape: under which the model is called.
        views: rows of each example.

    Yields:
        A list, to which every call adds its tap.
    """
    taps: list[Tap] = []
    graph = _graph()
    for layer, rule in prepared.layers:
        vars(layer)["call"] = _through(layer, rule, tape, taps, graph, views)
    try:
        yield taps
    finally:
        for layer, _ in prepared.layers:
            del vars(layer)["call"]


def _through(
    layer: keras.Layer,
    rule: Rule,
    tape: tf.GradientTape,
    taps: list[Tap],
    graph: Any,
    views: int,
) -> Callable[..., Any]:
    """A call of a layer that goes through its rule."""
    function = layer.call

    def call(*args: Any, **kwargs: Any) -> Any:
        if _graph() is not graph:
            raise ValueError(
                f"Layer {layer.name!r} is called inside a loop or a function of its "
                "own, out of which its per-example gradients cannot be had. Call it "
                "outside, on the whole batch."
            )
        tap = rule(LayerCall(layer, function, tape, args, kwargs, views))
        taps.append(tap)
        return tap.outputs

    return call


def _joined(parts: list[Gradients]) -> Gradients:
    """Of a variable that is used in several places: the sum of their gradients."""
    if len(parts) == 1:
        return parts[0]
    values = tf.add_n([part.form.values for part in parts])
    total = PerExample(parts[0].form.variable, values)
    return Gradients(total, total.square_norms())


def _shares(groups: Groups) -> tf.Tensor:
    """What each example of a unit counts in its mean, (units,)."""
    return 1 / tf.cast(tf.maximum(groups.sizes, 1), tf.float32)


def _graph() -> Any:
    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()

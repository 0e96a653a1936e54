"""The layers of a model whose calls give the per-example gradients of all its weights.

As far inside as can be, where layers have fast rules. But a layer that is called on
something else than the examples, such as an embedding on positions, which are the same
for all of them, says nothing of single examples: the layer around it does.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.independence.asked_step import fixed_size
from tfrwc.privacy.sgd.independence.training_state import TrainingState, variables_of
from tfrwc.privacy.sgd.layer_rules import Rule, any_layer, rule_of

with extra("privacy"):
    import tensorflow as tf

# Layers that call the layers inside them in loops of their own.
_LOOPS = (keras.layers.RNN, keras.layers.Wrapper)
_PROBES = 3, 5  # examples


class TappedLayer(NamedTuple):
    """A layer whose calls are tapped, and the rule for them."""

    layer: keras.Layer
    rule: Rule


def tapped_layers(
    model: keras.Model, forward: Callable[[Any], Any], x: Any = None
) -> tuple[TappedLayer, ...]:
    """Find the layers of a built model.

    Args:
        model: the model.
        forward: function of inputs that calls it.
        x: some inputs, to see what layers are called on; None if all are called on the
            examples.
    """
    apart: frozenset[int] = frozenset()
    tapped = _tapped(model, apart)
    if x is not None:
        state = TrainingState(variables_of(model))
        while more := _called_on_others(model, tapped, forward, x) - apart:
            apart |= more
            tapped = _tapped(model, apart)
        state.restore()
    return tuple(tapped)


def _tapped(layer: keras.Layer, apart: frozenset[int]) -> list[TappedLayer]:
    """Of a built model or layer: those whose calls give all its trained weights.

    Args:
        layer: the model or layer.
        apart: ids of layers that only those around them may be tapped for.
    """
    if not layer.trainable_variables:
        return []
    inner = [sub for sub in layer._layers if sub.trainable_variables]
    own = {id(v) for v in layer.trainable_variables}
    own -= {id(v) for sub in inner for v in sub.trainable_variables}
    if own or isinstance(layer, _LOOPS):
        return [TappedLayer(layer, any_layer if inner else rule_of(layer))]
    by_id: dict[int, TappedLayer] = {}
    for sub in inner:
        by_id |= {id(tapped.layer): tapped for tapped in _tapped(sub, apart)}
    # One that is also called by another that is tapped would be counted twice.
    inside = {
        id(sub)
        for tapped in by_id.values()
        for sub in tapped.layer._flatten_layers(include_self=False)
    }
    if (apart | inside) & by_id.keys():
        return [TappedLayer(layer, any_layer)]
    return list(by_id.values())


def _called_on_others(
    model: keras.Model,
    tapped: Sequence[TappedLayer],
    forward: Callable[[Any], Any],
    x: Any,
) -> frozenset[int]:
    """Ids of the layers that are called on tensors of other rows than the examples."""
    others: set[int] = set()

    def noting(layer: keras.Layer, rule: Rule, count: int) -> Callable[..., Any]:
        function = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            of_rule = (args, kwargs) if rule is any_layer else args[:1]
            tensors = [t for t in tf.nest.flatten(of_rule) if tf.is_tensor(t)]
            if any(tensor.shape[:1] != (count,) for tensor in tensors):
                others.add(id(layer))
            return function(*args, **kwargs)

        return call

    # Of two sizes, since positions may by chance be as many as the examples.
    for count in _PROBES if fixed_size(model) is None else (fixed_size(model),):
        rows = keras.tree.map_structure(lambda t, n=count: _repeated(t, n), x)
        for layer, rule in tapped:
            vars(layer)["call"] = noting(layer, rule, count)
        try:
            forward(rows)
        finally:
            for layer, _ in tapped:
                del vars(layer)["call"]
    return frozenset(others)


def _repeated(tensor: Any, count: int) -> Any:
    """As many rows as are asked for, some of them several times."""
    rows = tf.range(count) % tf.shape(tensor)[0]
    return tf.gather(tensor, rows)

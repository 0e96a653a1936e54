"""Layers without a rule: one example after the other, vectorized."""

import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.each_example import each_example
from tfrwc.privacy.sgd.layer_rules import cell_masks, layer_outputs
from tfrwc.privacy.sgd.layer_rules.call import LayerCall, Tap
from tfrwc.privacy.sgd.per_example import Ghost, PerExample

with extra("privacy"):
    import tensorflow as tf

_ZERO = tf.UnconnectedGradients.ZERO
Values: TypeAlias = list[tuple[keras.Variable, tf.Tensor]]


def any_layer(call: LayerCall) -> Tap:
    """Differentiate a layer by `tf.vectorized_map` over the examples.

    Dropout masks of recurrent cells are those of the forward pass again. Another layer
    that draws random numbers is called for one example at a time in the forward pass,
    too, each with seeds of its own, so that its gradient is that of the same draws.

    Raises:
        ValueError: if the layer changes its own state, so that its call cannot be
            repeated.
    """
    layer, variables = call.layer, call.layer.trainable_variables
    weights = [*variables, *layer.non_trainable_weights]
    warnings.warn(
        f"Layer {layer.name!r} ({type(layer).__name__}) has no rule for per-example "
        "gradients: they are computed by tf.vectorized_map, which can be slow. "
        "tfrwc.privacy.sgd.layer_rules.register adds a rule.",
        RuntimeWarning,
        stacklevel=2,
    )
    tensors = [t for t in tf.nest.flatten((call.args, call.kwargs)) if tf.is_tensor(t)]
    cells = cell_masks.cells_of(layer)
    seeds = _drawn_from(call, cells)
    if seeds and cells:  # all by seeds then
        cells, seeds = [], _drawn_from(call, [])
    seed_rows: list[tf.Tensor] = []
    with cell_masks.recorded(cells) as masks:
        if seeds:
            seed_rows = _seeds_of_rows(seeds, tf.shape(tensors[0])[0])
            outputs = _outputs_of_rows(call, tensors, seeds, seed_rows)
        else:
            outputs = call.outputs()
    outputs, sources, kinds = layer_outputs.apart(outputs, call.watch)
    drawn_masks = {key: mask for key, mask in masks.items() if mask is not None}

    def of_example(example: Any, row_weights: list[tf.Tensor]) -> list[tf.Tensor]:
        parts, row_seeds, row_masks, output_gradients = example
        values = row_weights[: len(variables)]
        fixed = list(zip(weights, row_weights, strict=True))
        drawn = list(zip(seeds, row_seeds, strict=True))
        row_masks = tf.nest.map_structure(lambda mask: mask[None], row_masks)
        with (
            tf.GradientTape(watch_accessed_variables=False) as tape,
            cell_masks.replayed(cells, row_masks),
        ):
            tape.watch(values)
            targets = layer_outputs.sources_of(_alone(call, parts, fixed, drawn), kinds)
        upstream = [
            tf.cast(gradient, target.dtype)[None]
            for gradient, target in zip(output_gradients, targets, strict=True)
        ]
        gradients = tape.gradient(targets, values, upstream, _ZERO)
        # A gradient may be sparse.
        return [tf.convert_to_tensor(gradient) for gradient in gradients]

    def gradients(source_gradients: list[tf.Tensor]) -> list[PerExample | Ghost]:
        mapped = each_example(
            of_example,
            (tensors, seed_rows, drawn_masks, source_gradients),
            [variable.dtype for variable in variables],
            f"Layer {layer.name!r}",
            _values(weights),
            vectorize=not _is_compiled(layer),
        )
        return [
            _of_views(call, variable, values)
            for variable, values in zip(variables, mapped, strict=True)
        ]

    return Tap(outputs, sources, gradients)


def _of_views(
    call: LayerCall, variable: keras.Variable, values: tf.Tensor
) -> PerExample:
    """Gradients of rows (rows, ...), summed over the views of each example."""
    values = tf.reduce_sum(call.by_example(tf.cast(values, tf.float32)), axis=1)
    return PerExample(variable, tf.reshape(values, (-1, *variable.shape)))


def _values(variables: Sequence[keras.Variable]) -> list[tf.Tensor]:
    return [tf.convert_to_tensor(variable) for variable in variables]


def _alone(
    call: LayerCall, parts: Sequence[tf.Tensor], fixed: Values, drawn: Values
) -> Any:
    """The outputs of a call for one example.

    Args:
        call: on a batch.
        parts: the example's part of each tensor of the arguments.
        fixed: weights, which the call may not change.
        drawn: the states of the seed generators that the call draws from.
    """
    rows = iter(parts)
    arguments = call.args, call.kwargs
    args, kwargs = tf.nest.map_structure(
        lambda a: next(rows)[None] if tf.is_tensor(a) else a, arguments
    )
    with keras.StatelessScope(state_mapping=[*fixed, *drawn]) as scope:
        before = dict(scope.state_mapping)
        outputs = call.function(*args, **kwargs)
    after = scope.state_mapping
    layer = f"Layer {call.layer.name!r} ({type(call.layer).__name__})"
    for variable, _ in fixed:
        if after[id(variable)] is not before[id(variable)]:
            raise ValueError(
                f"{layer} has no rule for per-example gradients, and assigns "
                f"{variable.path!r} in its call, which therefore cannot be repeated "
                "for each example. Compute what is wanted of it without assigning it, "
                "or assign it between the steps, by a callback; or leave that layer "
                "out."
            )
    if len(after) > len(before):
        raise ValueError(
            f"{layer} has no rule for per-example gradients, and its call changes "
            "state that is not its own, or draws random numbers without a "
            "keras.random.SeedGenerator of its own, so that it cannot be repeated for "
            "each example. Give it a seed generator, or put what draws numbers into a "
            "layer of its own, beside it."
        )
    return outputs


def _drawn_from(call: LayerCall, cells: Sequence[keras.Layer]) -> list[keras.Variable]:
    """The states of the seed generators of a layer that its call draws numbers from,
    but for those of some cells."""
    layers = [inner for inner in call.layer._flatten_layers() if inner not in cells]
    states = [g.state for layer in layers for g in layer._seed_generators]
    if not states:
        return []
    with keras.StatelessScope() as scope:
        call.outputs()
    return [state for state in states if id(state) in scope.state_mapping]


def _seeds_of_rows(states: list[keras.Variable], rows: tf.Tensor) -> list[tf.Tensor]:
    """Of each generator's state, one for each row, while the generator goes on."""
    seeds = []
    for state in states:
        seed = tf.cast(tf.convert_to_tensor(state), tf.int64)
        state.assign_add(tf.constant([0, 1], state.dtype))
        shape = (rows, 2)
        numbers = tf.random.stateless_uniform(shape, seed, 0, 2**31 - 1, tf.int32)
        seeds.append(tf.cast(numbers, state.dtype))
    return seeds


def _outputs_of_rows(
    call: LayerCall,
    tensors: list[tf.Tensor],
    seeds: list[keras.Variable],
    seed_rows: list[tf.Tensor],
) -> Any:
    """The outputs of a batch, each row's by the draws of its own seeds."""
    with keras.StatelessScope():
        like = call.outputs()

    weights = call.layer.weights

    def of_example(example: Any, row_weights: list[tf.Tensor]) -> list[tf.Tensor]:
        parts, row_seeds = example
        fixed = list(zip(weights, row_weights, strict=True))
        drawn = list(zip(seeds, row_seeds, strict=True))
        return [t[0] for t in tf.nest.flatten(_alone(call, parts, fixed, drawn))]

    flat = each_example(
        of_example,
        (tensors, seed_rows),
        [t.dtype for t in tf.nest.flatten(like)],
        f"Layer {call.layer.name!r}",
        _values(weights),
        vectorize=not _is_compiled(call.layer),
    )
    return tf.nest.pack_sequence_as(like, flat)


def _is_compiled(layer: keras.Layer) -> bool:
    """Whether Keras compiles a part of a layer by XLA, which no vectorized map keeps:
    convolutions that TensorFlow does not have on every device."""
    return any(
        getattr(inner, "groups", 1) != 1
        or (getattr(inner, "rank", 0) == 3 and inner.data_format == "channels_first")
        for inner in layer._flatten_layers()
        if hasattr(inner, "kernel_size")
    )

"""Parts of a private step around its clipped sums: physical batches, penalties."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from tfrwc.compat.extras import extra
from tfrwc.compat.own_gradients import without_gradients
from tfrwc.privacy.sgd.clipping import forward
from tfrwc.privacy.sgd.groups import Groups
from tfrwc.privacy.sgd.settings import CalibratedSettings

with extra("privacy"):
    import tensorflow as tf

Sums = dict[int, tf.Tensor]  # by `id` of a variable
Added = Callable[[list[tuple[keras.Variable, tf.Tensor]]], list[tf.Tensor]]


def sums_in_parts(
    part_sums: Callable[[Any, Groups | None], Sums],
    data: Any,
    groups: Groups | None,
    size: int,
    variables: Sequence[keras.Variable],
) -> Sums:
    """Sum over a batch with only some of its examples in memory at once.

    Args:
        part_sums: function of a part of the data, and of its groups, to the sums over
            it.
        data: tensors (examples, ...) and None, in any structure.
        groups: of examples that are never in different parts, or None.
        size: most examples in a part, but for units that have more.
        variables: that there may be sums of.
    """
    reached: set[int] = set()
    count = tf.shape(keras.tree.flatten(data)[0])[0]
    ends = None if groups is None else tf.cumsum(groups.sizes)

    def add_part(start: tf.Tensor, *totals: tf.Tensor) -> tuple[tf.Tensor, ...]:
        end, units = start + size, None
        if groups is not None:
            whole = tf.reduce_max(tf.where(ends <= end, ends, 0))
            next_end = tf.reduce_min(tf.where(ends > start, ends, count))
            end = tf.maximum(whole, next_end)
            first, last = (tf.math.count_nonzero(ends <= n) for n in (start, end))
            units = groups.part(first, last)
        part = keras.tree.map_structure(
            lambda t: None if t is None else t[start:end], data
        )
        sums = part_sums(part, units)
        reached.update(sums)
        return end, *(
            total + sums.get(id(variable), 0.0)
            for total, variable in zip(totals, variables, strict=True)
        )

    zeros = [tf.zeros(variable.shape) for variable in variables]
    _, *totals = tf.while_loop(
        lambda start, *_: start < count, add_part, (tf.constant(0), *zeros)
    )
    by_id = {id(v): total for v, total in zip(variables, totals, strict=True)}
    return {key: total for key, total in by_id.items() if key in reached}


def sums_of_means(
    means: Sequence[tf.Tensor], settings: CalibratedSettings, count: tf.Tensor
) -> list[tf.Tensor]:
    """What `noisy_mean` divides by the number of examples, not divided by it.

    For losses that are summed over a batch, whose gradients in plain training are sums.

    Args:
        means, settings, count: of `noisy_mean`.
    """
    number = count if settings.noise_multiplier == 0 else settings.batch_size
    return [mean * tf.cast(number, mean.dtype) for mean in means]


def blank(x: Any) -> Any:
    """An example of zeros, like those of some inputs."""
    return keras.tree.map_structure(lambda t: tf.zeros_like(t[:1]), x)


def added_losses(
    model: keras.Model, zeros: Any, augmentation: keras.Layer | None = None
) -> Added | None:
    """Losses that layers add of their weights alone.

    They are computed on an example of zeros: what would depend on the data does not.

    Args:
        model: that has been called.
        zeros: the example, of `blank`.
        augmentation: layer that the model's inputs go through before, or None.

    Returns:
        Function of pairs of a weight and its value to the losses; None if no layer adds
        any.
    """
    if not any(layer._losses for layer in model._flatten_layers()):
        return None

    def losses(values: list[tuple[keras.Variable, tf.Tensor]]) -> list[tf.Tensor]:
        with keras.StatelessScope(values, collect_losses=True) as scope:
            views = (
                zeros if augmentation is None else augmentation(zeros, training=True)
            )
            forward(model, views)
        return list(scope.losses)

    return losses


def with_penalties(
    variables: Sequence[keras.Variable], gradients: Sums, added: Added | None
) -> Sums:
    """Add the gradients of what sees no example: regularizers, and added losses.

    Args:
        variables: all that are trained.
        gradients: of the examples' losses.
        added: function of the weights' values to the losses that layers add of them;
            None if there are none.
    """
    penalised = [v for v in variables if v.regularizer is not None]
    if added is None and not penalised:
        return gradients
    values = [tf.convert_to_tensor(v) for v in variables]
    by_id = {id(v): value for v, value in zip(variables, values, strict=True)}
    with tf.GradientTape() as tape:
        tape.watch(values)
        losses = [v.regularizer(by_id[id(v)]) for v in penalised]
        if added is not None:
            losses += added(list(zip(variables, values, strict=True)))
        total = tf.add_n([tf.reduce_sum(loss) for loss in losses])
    gradients = dict(gradients)
    for v, gradient in zip(variables, tape.gradient(total, values), strict=True):
        if gradient is not None:
            gradients[id(v)] = gradients.get(id(v), 0.0) + gradient
    return gradients


def apply_gradients(
    optimizer: keras.optimizers.Optimizer,
    variables: Sequence[keras.Variable],
    gradients: Sums,
) -> None:
    """Have an optimizer take a step on those of the variables that have a gradient."""
    reached = [v for v in variables if id(v) in gradients]
    # An optimizer divides by its loss_scale_factor.
    scaled = [optimizer.scale_loss(gradients[id(v)]) for v in reached]
    with without_gradients():
        optimizer.apply_gradients(zip(scaled, reached, strict=True))

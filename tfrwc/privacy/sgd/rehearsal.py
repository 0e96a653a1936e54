"""What is tried before the first step, and shows what breaks the guarantee of DP-SGD.

Some layers and losses mix examples before their gradients are clipped, or learn from
the data without noise, and nothing in their names says so. `independence` asks for it;
a step on made-up examples shows whether their gradients are right.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.compat.graph_effects import written_in
from tfrwc.privacy.sgd import augmentation as augmentations
from tfrwc.privacy.sgd import clipping
from tfrwc.privacy.sgd.account.history import EXAMPLE
from tfrwc.privacy.sgd.clipping import PreparedModel
from tfrwc.privacy.sgd.example_losses import example_losses, is_summed
from tfrwc.privacy.sgd.groups import Groups
from tfrwc.privacy.sgd.independence import questions
from tfrwc.privacy.sgd.independence.asked_step import fixed_size
from tfrwc.privacy.sgd.independence.example_batches import Data, Examples
from tfrwc.privacy.sgd.independence.inquiry import check_independence
from tfrwc.privacy.sgd.independence.training_state import (
    TrainingState,
    is_seed,
    variables_of,
)
from tfrwc.privacy.sgd.layer_rules import Ghost, PerExample, Tap
from tfrwc.privacy.sgd.operations import check_operations
from tfrwc.privacy.sgd.safeguards import check_layers
from tfrwc.privacy.sgd.settings import CalibratedSettings
from tfrwc.privacy.sgd.step import added_losses, blank
from tfrwc.privacy.sgd.units import Units

with extra("privacy"):
    import tensorflow as tf

_EXAMPLES = 4


class Rehearsed(NamedTuple):
    """What was found out.

    Attributes:
        prepared: the model, for per-example gradients.
        is_summed: whether the loss of a batch is the sum of those of its examples, not
            their mean.
        is_half: whether anything is computed in half precision.
    """

    prepared: PreparedModel
    is_summed: bool
    is_half: bool


def rehearse(
    model: keras.Model,
    batch_loss: Callable[[Any, Any, Any], tf.Tensor],
    first: tuple[Data, Any],
    settings: CalibratedSettings,
    augmentation: keras.Layer | None = None,
    is_poisson: bool = False,
    most_rows: int | None = None,
    eagerly: bool = False,
) -> Rehearsed:
    """Build a model, and check its private step.

    Args:
        model: to be trained.
        batch_loss: function of (y, outputs, sample_weight) to the loss of a batch.
        first: x, y and sample_weight of the first batch, arrays or None, and
            `tf.TensorSpec` of these, or None.
        settings: of the training.
        augmentation: Keras layer, or None.
        is_poisson: whether batches have different sizes.
        most_rows: examples in the largest of batches of units; None where each example
            is one of its own.
        eagerly: whether the step sees how many examples there are, as of
            `check_independence`.

    Raises:
        ValueError: for what breaks the guarantee of DP-SGD; the message says where, and
            what to do.
    """
    batch, specs = first
    views = settings.augmentation_multiplicity
    data = made_up(specs, batch, fixed_size(model) or _EXAMPLES)
    if not len(keras.tree.flatten(batch)[0]):
        batch = data
    if batch[2] is not None and not np.any(batch[2]):  # an empty Poisson sample
        batch = *batch[:2], np.ones_like(batch[2])
    most = _most_rows(settings, is_poisson, most_rows)
    rows = functools.partial(augmentations.views, augmentation, views)
    sizes = _sizes(most, settings.train_size % settings.batch_size)
    asked = Examples(batch), specs, sizes, eagerly
    if augmentation is not None:
        data = augmentations.views(augmentation, 1, data)  # builds what is not built
        check_independence(questions.of_augmentation(augmentation, rows, views), *asked)
    state = TrainingState(variables_of(model))
    was_built = model.built
    if was_built:
        is_half = check_operations(model, data[0])
    clipping.forward(model, data[0])  # builds what is not built
    if not was_built:
        is_half = check_operations(model, data[0])
    check_layers(model)
    prepared = clipping.prepare(model, data[0])
    state.restore()
    asked = Examples(batch, _numbers(model)), *asked[1:]
    step = questions.of_model(prepared, batch_loss, rows, views, augmentation)
    check_independence(step, *asked)
    is_of_units = settings.unit != EXAMPLE
    summed = check_step(prepared, batch_loss, data, is_half, is_of_units)
    return Rehearsed(prepared, summed, is_half)


def build_metrics(metrics: Any, model: keras.Model, first: tuple[Data, Any]) -> None:
    """Make the variables of the metrics that a model was compiled with.

    Args:
        metrics: Keras' container of them, or None.
        model: that has been built.
        first: as for `rehearse`.
    """
    batch, specs = first
    if metrics is None or metrics.built or batch[1] is None:
        return
    x, y, _ = made_up(specs, batch, fixed_size(model) or _EXAMPLES)
    state = TrainingState(variables_of(model))
    metrics.build(y, model(x, training=False))
    state.restore()  # that layers keep of what is made up


def made_up(specs: Any, batch: Any, count: int = _EXAMPLES) -> Any:
    """Some examples.

    Args:
        specs: tensors that they are like, their specifications, or None.
        batch: arrays in the same structure, of which texts are taken.
        count: number of examples.
    """
    return keras.tree.map_structure(
        lambda spec, array: _made_up(spec, array, count), specs, batch
    )


def check_step(
    prepared: PreparedModel,
    batch_loss: Callable[[Any, Any, Any], tf.Tensor],
    data: tuple[Any, Any, Any],
    is_half: bool = False,
    is_of_units: bool = False,
) -> bool:
    """Take one step without changing a weight: is it the sum of its examples'?

    Args:
        prepared: the model.
        batch_loss: function of (y, outputs, sample_weight) to the loss of a batch.
        data: x, y and sample_weight, of `made_up`.
        is_half: whether anything is computed in half precision.
        is_of_units: whether several examples are one unit.

    Returns:
        Whether the loss of a batch is the sum of those of its examples, not their mean.

    Raises:
        ValueError: that names what is not a sum over the examples, or whose
            per-example gradients are wrong.
    """
    x, y, weight = data
    model = prepared.model
    with tf.GradientTape(persistent=True) as tape:
        with clipping.recorded(prepared, tape) as taps:
            outputs = clipping.forward(model, x)
        _check_added_losses(model, x)
        batch_loss(y, outputs, weight)  # builds what is not built
        losses = example_losses(batch_loss, y, outputs, weight)
        total = tf.reduce_sum(losses)
    _check_state_of_loss(model, batch_loss, (y, outputs, weight))
    summed = is_summed(batch_loss, y, outputs, weight)
    _check_gradients(model, tape, total, taps, is_half)
    if is_of_units:
        _check_gradients(model, tape, total, taps, is_half, _some_units(x))
    return summed


def _some_units(x: Any) -> Groups:
    """Made-up examples as units of one and of several."""
    count = len(keras.tree.flatten(x)[0])
    ids = np.minimum(np.arange(count) + count // 2, count - 1)  # the last are of one
    _, places = Units(ids).rows(
        np.arange(len(set(ids.tolist()))), None, np.random.default_rng(0)
    )
    return Groups(tf.constant(places))


def _check_added_losses(model: keras.Model, x: Any) -> None:
    values = [loss for layer in model._flatten_layers() for loss in layer._losses]
    added = added_losses(model, blank(x))
    of_weights = [] if added is None else added([])
    if not all(map(np.allclose, values, of_weights)):
        raise ValueError(
            "The model calls add_loss with something of the batch, which cannot be "
            "clipped by example. Put it into a loss given to compile. (Losses of "
            "weights alone are taken.)"
        )


def _check_state_of_loss(
    model: keras.Model, batch_loss: Callable[[Any, Any, Any], tf.Tensor], data: Data
) -> None:
    """A loss may keep nothing of a batch, but for metrics that Keras makes of it."""
    try:
        graph = tf.function(batch_loss, autograph=False).get_concrete_function(*data)
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        return  # it is for steps without a graph alone
    metrics = getattr(batch_loss, "metrics", [])
    of_metrics = {id(v.value.handle) for metric in metrics for v in metric.variables}
    known = {id(v.handle): v for v in graph.graph.variables}
    for handle in written_in(graph.graph):
        variable = known.get(id(handle))
        if id(handle) in of_metrics:
            continue
        if variable is None or not is_seed(variable, model):
            name = "a tf.Variable" if variable is None else repr(variable.name)
            raise ValueError(
                f"The loss keeps something of each batch, in {name}, without noise. "
                "Use one that keeps nothing."
            )


def _check_gradients(
    model: keras.Model,
    tape: tf.GradientTape,
    total: tf.Tensor,
    taps: Sequence[Tap],
    is_half: bool,
    groups: Groups | None = None,
) -> None:
    """The gradients of examples, or of units, must add up to that of the batch, for
    every weight."""
    parts = clipping.per_example(tape, total, taps, groups=groups)
    variables = model.trainable_variables
    tolerance = 0.1 if is_half else 1e-3
    gradients = tape.gradient(total, [v.value for v in variables])
    present = [
        tf.cast(tf.convert_to_tensor(gradient), tf.float32)
        for gradient in gradients
        if gradient is not None
    ]
    # Of gradients that are 0 in theory, rounding is left.
    rounding = 1e-6 * max(1.0, float(tf.linalg.global_norm(present)))
    for variable, gradient in zip(variables, gradients, strict=True):
        if gradient is None:
            continue
        expected = tf.cast(tf.convert_to_tensor(gradient), tf.float32)
        actual = tf.zeros_like(expected)
        if id(variable) in parts:
            form, square_norms = parts[id(variable)]
            actual = form.weighted_sum(tf.ones_like(square_norms))
            _check_norms(variable, form, square_norms, tolerance)
        error = float(tf.norm(actual - expected))
        if not error <= tolerance * float(tf.norm(expected)) + rounding:
            raise ValueError(
                f"The gradients of weight {variable.path!r} for single examples do not "
                "add up to that for their batch: some layer uses it in a way that "
                "cannot be followed, such as another layer's weight without calling "
                "that layer. Put both uses into one layer that owns the weight. (Or "
                "the rule that was registered for its layer is wrong.)"
            )


def _check_norms(
    variable: keras.Variable,
    form: PerExample | Ghost,
    square_norms: tf.Tensor,
    tolerance: float,
) -> None:
    """What a rule says of an example's norm must be that of what it adds to a sum."""
    for i, told in enumerate(tf.sqrt(square_norms).numpy()):
        alone = tf.one_hot(i, len(square_norms))
        norm = float(tf.norm(form.weighted_sum(alone)))
        if not norm <= told * (1 + tolerance) + 1e-6:
            raise ValueError(
                f"The rule for the layer of weight {variable.path!r} says that the "
                f"gradient of an example has the norm {told:.4g}, and adds one of "
                f"{norm:.4g} to a sum: clipping would not bound it. Mend square_norms "
                "of that rule."
            )


def _made_up(tensor: Any, array: Any, count: int) -> tf.Tensor | None:
    if tensor is None or isinstance(tensor, tf.OptionalSpec):
        return None
    shape = (count, *(8 if n is None else n for n in tensor.shape[1:]))
    rng = np.random.default_rng(0)
    if tf.as_dtype(tensor.dtype) == tf.string:
        texts = array if array is not None and len(array) else np.full(shape, "", "O")
        return tf.constant(texts[np.arange(count) % len(texts)])
    if tf.as_dtype(tensor.dtype).is_floating:
        return tf.constant(rng.uniform(0.1, 0.9, shape), tensor.dtype)
    return tf.cast(tf.constant(rng.integers(0, 2, shape)), tensor.dtype)


def _most_rows(
    settings: CalibratedSettings, is_poisson: bool, of_units: int | None
) -> int:
    """The largest batch that a model is called on, but for one in ten thousand."""
    size = of_units or settings.batch_size
    if is_poisson and of_units is None:
        size = min(size + math.ceil(4 * math.sqrt(size)), settings.train_size)
    return min(size, settings.physical_batch_size or size)


def _sizes(most: int, last: int) -> list[int]:
    """Sizes of batches to ask about: up to the largest, and that of a last one."""
    doubled = [2**n for n in range(3, most.bit_length())]
    some = (2, 3, 5, *doubled, last)
    return sorted({size for size in some if 1 < size < most} | {most})


def _numbers(model: keras.Model) -> int | None:
    """Whole numbers below this are in the range of every embedding of a model."""
    dims = [
        layer.input_dim
        for layer in model._flatten_layers()
        if isinstance(layer, keras.layers.Embedding)
    ]
    return min(dims, default=None)

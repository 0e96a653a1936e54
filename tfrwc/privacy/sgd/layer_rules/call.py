"""What a rule for a layer receives, and what it returns."""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import keras

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.per_example import Ghost, PerExample

with extra("privacy"):
    import tensorflow as tf


class Tap(NamedTuple):
    """One call of a layer, tapped for its per-example gradients.

    Attributes:
        outputs: of the layer.
        sources: tensors that the rule has watched, and whose gradients it needs.
        gradients: function of the gradients of the sources, a list of float32 tensors,
            to a list of `PerExample` and `Ghost`, one for each trainable variable.
    """

    outputs: Any
    sources: list[tf.Tensor]
    gradients: Callable[[list[tf.Tensor]], list[PerExample | Ghost]]


@dataclass(frozen=True, eq=False)
class LayerCall:
    """One call of a layer on a batch.

    An example may come in several views, one after the other in the batch, which then
    has `views` rows for each example: its gradient is the sum of theirs.

    Attributes:
        layer: that is called.
        function: the layer's own `call`.
        tape: that records the forward pass, and watches nothing by itself.
        args, kwargs: arguments of the call.
        views: rows of each example.
    """

    layer: keras.Layer
    function: Callable[..., Any]
    tape: tf.GradientTape
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    views: int = 1

    @property
    def inputs(self) -> Any:
        """The first argument of the call, for most layers a tensor (rows, ...)."""
        return self.args[0]

    def outputs(self) -> Any:
        """Run the layer: what it makes of its arguments."""
        return self.function(*self.args, **self.kwargs)

    def watch(self, tensor: tf.Tensor) -> tf.Tensor:
        """Have the tape follow a tensor, and return it: before it is used any further,
        or its gradient lacks that use."""
        self.tape.watch(tensor)
        return tensor

    def by_example(self, values: tf.Tensor) -> tf.Tensor:
        """(rows, ...) as (examples, views, ...)."""
        sizes = tf.shape(values)
        lengths = [sizes[i] if n is None else n for i, n in enumerate(values.shape)]
        return tf.reshape(values, (-1, self.views, *lengths[1:]))

    def positions(self, values: tf.Tensor) -> tf.Tensor:
        """(rows, ..., channels) as (examples, positions of all views, channels)."""
        lengths, channels = values.shape[1:-1], values.shape[-1]
        if None in lengths:
            examples = tf.shape(values)[0] // self.views
            return tf.reshape(values, (examples, -1, channels))
        return tf.reshape(values, (-1, self.views * math.prod(lengths), channels))


Rule: TypeAlias = Callable[[LayerCall], Tap]


@contextlib.contextmanager
def without(layer: keras.Layer, *names: str) -> Iterator[None]:
    """Set these attributes of a layer to None within the block."""
    values = {name: getattr(layer, name) for name in names}
    for name in names:
        object.__setattr__(layer, name, None)
    try:
        yield
    finally:
        for name, value in values.items():
            object.__setattr__(layer, name, value)

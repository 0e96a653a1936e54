"""In which layer examples become different when others of their batch are changed."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.privacy.sgd.independence.example_batches import Data
from tfrwc.privacy.sgd.independence.training_state import TrainingState

with extra("privacy"):
    import tensorflow as tf

Seen = list[tuple[keras.Operation, list[np.ndarray]]]


def mixing_layer(
    layer: keras.Layer,
    call: Callable[[Any], Any],
    state: TrainingState,
    batches: tuple[Data, Data],
    places: Sequence[int],
    views: int = 1,
) -> str:
    """Name the first layer or operation whose outputs for the same examples differ.

    Args:
        layer: a model, whose layers are looked at.
        call: function of a batch that calls it.
        state: in which both batches are computed.
        batches: two, with the same examples in some places.
        places: these.
        views: rows of an example.

    Returns:
        A name and a class, as a message has it; "" if it does not show outside a graph.
    """
    seen: list[Seen] = []
    # The first is computed twice: that of a layer may be rounded in another way.
    for batch in (batches[0], *batches):
        state.restore()
        with _watched(layer) as calls:
            call(batch)
        seen.append(calls)
    state.restore()
    rows = np.add.outer(np.array(places) * views, np.arange(views)).ravel()
    count = len(keras.tree.flatten(batches[0])[0]) * views
    for calls in zip(*seen, strict=False):
        operation = calls[0][0]
        if any(other is not operation for other, _ in calls):
            return ""
        for outputs in zip(*(values for _, values in calls), strict=False):
            if any(output.shape[:1] != (count,) for output in outputs):
                continue
            again, one, other = (output[rows] for output in outputs)
            if not _equal(one, other, _distance(one, again)):
                return f"{operation.name!r} ({type(operation).__name__})"
    return ""


@contextlib.contextmanager
def _watched(layer: keras.Layer) -> Iterator[Seen]:
    """Within the block, outputs of all layers and operations are noted, as they end."""
    seen: Seen = []
    operations = _operations(layer)
    for operation in operations:
        vars(operation)["call"] = _noting(operation, operation.call, seen)
    try:
        yield seen
    finally:
        for operation in operations:
            del vars(operation)["call"]


def _noting(
    operation: keras.Operation, function: Callable[..., Any], seen: Seen
) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        outputs = function(*args, **kwargs)
        tensors = [t for t in tf.nest.flatten(outputs) if tf.is_tensor(t)]
        if tf.executing_eagerly():
            seen.append((operation, [t.numpy() for t in tensors]))
        return outputs

    return call


def _operations(layer: keras.Layer) -> list[keras.Operation]:
    """A layer and all in it, with the operations of functional models; each once."""
    layers = layer._flatten_layers()
    several = [[inner, *getattr(inner, "operations", ())] for inner in layers]
    by_id = {
        id(one): one for some in several for one in some if "call" not in vars(one)
    }
    return list(by_id.values())


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    if one.dtype.kind in "OSU":
        return 0.0
    moved = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(np.where(np.isfinite(moved), moved, 0).max(initial=0))


def _equal(one: np.ndarray, other: np.ndarray, rounding: float) -> bool:
    if one.dtype.kind in "OSU":
        return np.array_equal(one, other)
    one, other = one.astype(np.float64), other.astype(np.float64)
    atol = 1e-12 + 4 * rounding
    return np.allclose(one, other, rtol=1e-5, atol=atol, equal_nan=True)

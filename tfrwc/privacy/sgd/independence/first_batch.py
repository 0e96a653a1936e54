"""The first batch of training, looked at and put back."""

import itertools
from typing import Any, NamedTuple

import keras
import numpy as np

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf


class KindOfBatches(NamedTuple):
    """What a step may be made anew for.

    Attributes:
        specs: shapes without the number of examples, and types; in their structure.
        is_from_tf_data: whether the step does not see how many examples there are.
    """

    specs: str
    is_from_tf_data: bool


def kind_of_batches(iterator: Any) -> tuple[KindOfBatches, Any]:
    """The kind of the batches of an iterator, and the iterator from its beginning.

    Args:
        iterator: as of `first_batch`.
    """
    is_from_tf_data = isinstance(iterator, tf.data.Iterator)
    if is_from_tf_data:
        specs = iterator.element_spec
    else:
        batch = next(iterator)
        specs = keras.tree.map_structure(_spec, batch)
        iterator = itertools.chain([batch], iterator)
    return KindOfBatches(str(specs), is_from_tf_data), iterator


def first_batch(iterator: Any) -> tuple[Any, Any, Any]:
    """Look at the first batch of an iterator.

    Args:
        iterator: of `tf.data`, or of tuples of arrays, as Keras gives it to its train
            function.

    Returns:
        x, y and sample_weight of the batch, arrays or None; those of their
        specifications, `tf.TensorSpec` or None; and an iterator that begins with the
        batch, of the same kind, for one step.

    Raises:
        StopIteration: if there is none.
    """
    batch = next(iterator)
    if isinstance(iterator, tf.data.Iterator):
        specs = iterator.element_spec
        begun = _iterator_of(batch, specs)
    else:
        specs = keras.tree.map_structure(_spec, batch)
        begun = itertools.chain([batch], iterator)
    arrays, specs = (
        keras.utils.unpack_x_y_sample_weight(
            keras.tree.map_structure(function, structure)
        )
        for function, structure in ((_array, batch), (_present, specs))
    )
    return arrays, specs, begun


def _iterator_of(batch: Any, specs: Any) -> Any:
    """One batch, with the specifications of its iterator: or it is traced for anew."""

    def as_specified(*parts: Any) -> Any:
        flat = [
            tf.raw_ops.PlaceholderWithDefault(input=t, shape=spec.shape)
            if isinstance(spec, tf.TensorSpec)
            else t
            for t, spec in zip(
                tf.nest.flatten(parts), tf.nest.flatten(specs), strict=True
            )
        ]
        return tf.nest.pack_sequence_as(specs, flat)

    return iter(tf.data.Dataset.from_tensors(batch).map(as_specified))


def _array(tensor: Any) -> Any:
    if isinstance(tensor, tf.experimental.Optional):
        tensor = tensor.get_value() if tensor.has_value() else None
    return None if tensor is None else np.asarray(tensor)


def _present(spec: Any) -> Any:
    return None if isinstance(spec, tf.OptionalSpec) else spec


def _spec(array: Any) -> Any:
    if array is None:
        return None
    array = np.asarray(array)
    return tf.TensorSpec((None, *array.shape[1:]), array.dtype)

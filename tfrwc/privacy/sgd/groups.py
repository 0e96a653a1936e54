"""Which examples of a batch belong to which unit, as tensors of a step."""

from typing import Any, NamedTuple

import keras

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf


class Groups(NamedTuple):
    """The examples of the units in a batch, those of one unit after the other.

    Attributes:
        places: numbers of each unit's examples, -1 where it has fewer than others,
            int32 (units, most).
        is_compiled: whether the step is compiled by XLA, which lacks some operations.
    """

    places: tf.Tensor
    is_compiled: bool = False

    @property
    def sizes(self) -> tf.Tensor:
        """Number of examples of each unit, int32 (units,)."""
        return tf.math.count_nonzero(self.places >= 0, axis=1, dtype=tf.int32)

    @property
    def units(self) -> tf.Tensor:
        """The unit of each example, int32 (examples,)."""
        return tf.repeat(tf.range(tf.shape(self.places)[0]), self.sizes)

    def of_examples(self, values: tf.Tensor) -> tf.Tensor:
        """Values of units (units, ...), for each of their examples (examples, ...)."""
        return tf.gather(values, self.units)

    def sums(self, values: tf.Tensor) -> tf.Tensor:
        """Values of examples (examples, ...), summed over those of each unit."""
        if self.is_compiled:
            return tf.math.unsorted_segment_sum(
                values, self.units, tf.shape(self.places)[0]
            )
        return tf.math.segment_sum(values, self.units)

    def padded(self, values: tf.Tensor) -> tf.Tensor:
        """Values of examples (examples, ...), with zeros where a unit has fewer than
        `most`, (units, most, ...)."""
        shape = tf.concat([tf.shape(self.places), tf.shape(values)[1:]], 0)

        def with_zeros() -> tf.Tensor:
            # Not by a product with 0: what is not finite is of its own unit alone.
            gathered = tf.gather(values, tf.maximum(self.places, 0))
            is_there = self.places >= 0
            for _ in range(values.shape.rank - 1):
                is_there = is_there[..., None]
            return tf.where(is_there, gathered, tf.zeros((), values.dtype))

        if self.is_compiled:
            padded = with_zeros()
        else:  # where all units have as many, nothing is copied
            is_full = tf.reduce_all(self.places >= 0)
            padded = tf.cond(is_full, lambda: tf.reshape(values, shape), with_zeros)
        padded.set_shape((None, self.places.shape[1], *values.shape[1:]))
        return padded

    def part(self, first: tf.Tensor, last: tf.Tensor) -> "Groups":
        """The units from `first` to before `last`, of their examples alone."""
        places = self.places[first:last]
        start = tf.reduce_sum(self.sizes[:first])
        return self._replace(places=tf.where(places >= 0, places - start, -1))


def unpacked(
    data: Any, is_compiled: bool = False
) -> tuple[Any, Any, Any, Groups | None]:
    """x, y and sample_weight of a batch, and the groups that came with it.

    `tfrwc.privacy.sgd.sampling` puts the places of units beside the sample weights.

    Args:
        data: of the batch.
        is_compiled: of `Groups`.
    """
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    if not isinstance(weight, dict) or weight.keys() != {"weight", "places"}:
        return x, y, weight, None
    return x, y, weight["weight"], Groups(weight["places"], is_compiled)

"""Scales of losses, one for each member, with which gradients fit into float16.

As in Keras' `LossScaleOptimizer`: a member whose scaled gradients overflow leaves out
the step and halves its scale, and doubles it after many steps without. Here every
member has its own, so that none depends on the others.
"""

from collections.abc import Sequence

import keras
import numpy as np

from tfrwc.compat.extras import extra

with extra("vae"):
    import tensorflow as tf

_FIRST = 2.0**15
_STEPS_TO_DOUBLE = 2000


class LossScales:
    """The scales of the members.

    Args:
        members: how many there are.

    Attributes:
        variables: what of them changes, each (members,).
    """

    def __init__(self, members: int) -> None:
        self._members = members
        ones = np.ones(members, np.float32)
        self._scales = keras.Variable(_FIRST * ones, trainable=False, name="scales")
        self._steps = keras.Variable(0 * ones, trainable=False, name="steps")
        self.variables = [self._scales, self._steps]

    def scaled(self, losses: tf.Tensor) -> tf.Tensor:
        """Losses (members,) times their scales."""
        return losses * self._scales.value

    def unscaled(
        self, gradients: Sequence[tf.Tensor]
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Gradients of the losses, and which members have finite ones.

        Args:
            gradients: of the scaled losses, each (members, …).

        Returns:
            The gradients, 0 where a member's are not finite; and bools (members,).
        """
        parts = [tf.reshape(g, (self._members, -1)) for g in gradients]
        finite = tf.reduce_all(
            [tf.reduce_all(tf.math.is_finite(part), axis=1) for part in parts], axis=0
        )
        unscaled = []
        for part, gradient in zip(parts, gradients, strict=True):
            kept = tf.where(finite[:, None], part / self._scales.value[:, None], 0.0)
            unscaled.append(tf.reshape(kept, tf.shape(gradient)))
        steps = tf.where(finite, self._steps.value + 1, 0.0)
        doubles = steps == _STEPS_TO_DOUBLE
        factor = tf.where(finite, tf.where(doubles, 2.0, 1.0), 0.5)
        self._scales.assign(tf.maximum(self._scales.value * factor, 1.0))
        self._steps.assign(tf.where(doubles, 0.0, steps))
        return unscaled, finite

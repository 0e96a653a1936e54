"""What removing an example does to a clipped sum: the bound itself, as an oracle."""

import keras
import numpy as np
import tensorflow as tf

from tfrwc.privacy.sgd import clipping
from tfrwc.privacy.sgd.independence.training_state import TrainingState, variables_of


def largest_move(model, x, y):
    """Norm of the greatest change of the sum when an example is removed, over the clip.

    The clip is below all norms, so that every gradient is clipped. Random numbers are
    those of before for the examples that stay, which come first: where there are any,
    only the last example is removed.
    """
    prepared = clipping.prepare(model, x)
    state = TrainingState(variables_of(model))

    @tf.function(autograph=False)
    def step(x, y, clip):
        def losses(outputs):
            return keras.losses.sparse_categorical_crossentropy(
                y, tf.cast(outputs, tf.float32), from_logits=True
            )

        clipped = clipping.clipped_sums(prepared, losses, x, clip)
        return clipped.norms, [clipped.sums[id(v)] for v in model.trainable_variables]

    def asked(rows, clip):
        state.restore()
        part = keras.tree.map_structure(lambda a: tf.constant(a[rows]), x)
        return step(part, tf.constant(y[rows]), tf.constant(clip))

    count = len(y)
    everyone = np.arange(count)
    norms, _ = asked(everyone, np.float32(1.0))
    is_random = bool(state.changed())
    clip = np.float32(np.min(norms) / 10)
    assert clip > 0
    _, whole = asked(everyone, clip)
    moves = []
    for i in [count - 1] if is_random else everyone:
        _, rest = asked(np.delete(everyone, i), clip)
        squares = [
            np.sum((a.numpy().astype(np.float64) - b.numpy()) ** 2)
            for a, b in zip(whole, rest, strict=True)
        ]
        moves.append(np.sqrt(sum(squares)) / clip)
    return max(moves)

"""The noise of a private training, and the secret that it is drawn from."""

import secrets
from collections.abc import Sequence

import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.compat.tensorflow_privacy import noised_mean
from tfrwc.privacy.noise import insecure_test_key
from tfrwc.privacy.sgd.settings import CalibratedSettings

with extra("privacy"):
    import tensorflow as tf


class NoiseKey:
    """A secret from which the noise of each step is drawn.

    It is in no checkpoint and no file of the model.

    Args:
        insecure_seed: makes the noise repeatable, for tests; None for a secret of the
            operating system.
    """

    def __init__(self, insecure_seed: int | None) -> None:
        key = secrets.token_bytes(16)
        if insecure_seed is not None:
            key = insecure_test_key(insecure_seed)[:16]
        self._key = np.frombuffer(key, np.int64)
        # Goes on counting whatever is loaded or reset: no noise is drawn twice.
        self._drawn = tf.Variable(0, dtype=tf.int64, trainable=False)

    def next_seed(self) -> tf.Tensor:
        """A seed, int64 (2,), that was never used before."""
        return tf.random.experimental.stateless_fold_in(
            tf.constant(self._key), self._drawn.assign_add(1)
        )


def noisy_mean(
    sums: Sequence[tf.Tensor],
    settings: CalibratedSettings,
    key: NoiseKey,
    count: tf.Tensor,
) -> list[tf.Tensor]:
    """The mean gradient of a step, with noise.

    Args:
        sums: clipped gradients, summed over the examples, of each variable.
        settings: of the training.
        key: that the noise is drawn from.
        count: how many examples there are: without noise the sums are divided by it, as
            in plain training, and else by the batch size of the settings.
    """
    noise = settings.noise_multiplier
    if noise == 0:  # nothing is private: the mean of plain training
        return [total / tf.cast(count, total.dtype) for total in sums]
    mean: list[tf.Tensor] = noised_mean(
        sums, settings.clip, settings.clip * noise, settings.batch_size, key.next_seed()
    )
    return mean

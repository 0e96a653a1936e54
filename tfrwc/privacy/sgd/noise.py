"""The noise of a private training, and the secret that it is drawn from."""

import math
import secrets
from collections.abc import Sequence

import numpy as np

from tfrwc.compat.extras import extra
from tfrwc.compat.tensorflow_privacy import noised_mean
from tfrwc.privacy.noise import WordStream, insecure_test_key, standard_normal
from tfrwc.privacy.sgd.settings import CalibratedSettings

with extra("privacy"):
    import tensorflow as tf

_CHUNK = 2**18  # numbers that are drawn at a time: few enough for a cache


class NoiseKey:
    """A secret from which the noise of each step is drawn.

    It is in no checkpoint and no file of the model.

    Args:
        insecure_seed: makes the noise repeatable, for tests; None for a secret of the
            operating system.
        noise: ``"fast"`` or ``"secure"``, see `make_private`.
    """

    def __init__(self, insecure_seed: int | None, noise: str = "fast") -> None:
        key = secrets.token_bytes(32)
        if insecure_seed is not None:
            key = insecure_test_key(insecure_seed)
        self._key = np.frombuffer(key[:16], np.int64)
        # Goes on counting whatever is loaded or reset: no noise is drawn twice.
        self._drawn = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._stream = WordStream(key) if noise == "secure" else None

    def standard_normal(self, shapes: Sequence[tf.TensorShape]) -> list[tf.Tensor]:
        """Noise of variance 1 that was never drawn before, one tensor for each shape.

        Args:
            shapes: without unknown sizes.
        """
        if self._stream is None:
            seed = tf.random.experimental.stateless_fold_in(
                tf.constant(self._key), self._drawn.assign_add(1)
            )
            return [
                tf.random.stateless_normal(
                    shape, tf.random.experimental.stateless_fold_in(seed, i)
                )
                for i, shape in enumerate(shapes)
            ]
        sizes = [math.prod(shape) for shape in shapes]
        total = tf.constant(sum(sizes), tf.int64)
        numbers = tf.numpy_function(self._secure, [total], tf.float32, stateful=True)
        parts = tf.split(tf.ensure_shape(numbers, [sum(sizes)]), sizes)
        return [tf.reshape(p, shape) for p, shape in zip(parts, shapes, strict=True)]

    def _secure(self, count: np.ndarray) -> np.ndarray:
        """Normal numbers of the cryptographic stream, float32 (count,)."""
        assert self._stream is not None
        noise = np.empty(int(count) + int(count) % 2, np.float32)
        for start in range(0, len(noise), _CHUNK):
            part = noise[start : start + _CHUNK]
            part[:] = standard_normal(self._stream.words(len(part)))
        return noise[: int(count)]


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
        sums,
        settings.clip,
        settings.clip * noise,
        settings.batch_size,
        key.standard_normal,
    )
    return mean

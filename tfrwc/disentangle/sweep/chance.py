"""The order of examples and the noise that the seed of a member gives."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfrwc._common.checks import random_seed
from tfrwc.compat.extras import extra

with extra("vae"):
    import tensorflow as tf


def order_of(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order in which a member with that seed sees the examples: (count,)."""
    return np.random.default_rng([int(seed), epoch]).permutation(count)


def matched(noise: tf.Tensor) -> tf.Tensor:
    """Noise (seeds, count, n_latents) with mean 0 and covariance 1 over the count.

    In an epoch the examples then see the moments of the noise exactly. What is left
    of its chance is within the epoch, and hardly moves the weights, which matters most
    for a latent near its collapse, where the optimum is flat.
    """
    noise = noise - tf.reduce_mean(noise, axis=1, keepdims=True)
    count = tf.cast(tf.shape(noise)[1], noise.dtype)
    covariance = tf.matmul(noise, noise, transpose_a=True) / count
    root = tf.linalg.cholesky(covariance)
    transposed = tf.linalg.matrix_transpose(noise)
    return tf.linalg.matrix_transpose(tf.linalg.triangular_solve(root, transposed))


def noise_of(
    seed: int, shape: tuple[Any, ...], position: Any, purpose: int
) -> tf.Tensor:
    """Standard normal noise, the same whenever it is asked for.

    Args:
        seed: of the member.
        shape: of the noise.
        position: number of the pair of epochs, or of the examples.
        purpose: 0 for training, 1 for evaluation.
    """
    return tf.random.stateless_normal(shape, [int(seed), 2 * position + purpose])


def codes_of(
    mean: NDArray[np.floating], scale: NDArray[np.floating], draw: int | None
) -> NDArray[np.floating]:
    """Means of q(z|x), or draws from it, of the type of the means.

    Args:
        mean: (n, n_latents).
        scale: deviations (n, n_latents), or factors (n, n_latents, n_latents) of the
            covariances.
        draw: None for the means; or a seed, which gives the same noise to every model.
    """
    if draw is None:
        return mean
    rng = np.random.default_rng(random_seed(draw, "draw"))
    noise = rng.normal(size=mean.shape).astype(mean.dtype)
    if scale.ndim == 3:
        return mean + np.einsum("nij,nj->ni", scale, noise)
    return mean + scale * noise

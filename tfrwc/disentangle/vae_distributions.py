"""The distributions of a `BetaVAE`, which are those of TensorFlow Probability."""

from typing import Any, TypeAlias

import keras

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "BetaVAE needs Keras' TensorFlow backend, because its distributions are those "
        f"of TensorFlow Probability. Received: {keras.backend.backend()}. Set "
        'KERAS_BACKEND=tensorflow, beside what pip install "tfrwc[vae]" brings.'
    )


from tfrwc.compat.extras import extra
from tfrwc.compat.tensorflow_probability import distributions as tfd

with extra("vae"):
    import tensorflow as tf

Distribution: TypeAlias = tfd.Distribution


def mean_and_deviation(raw: Any, n_latents: int) -> tuple[Any, Any]:
    """Parameters of q(z|x) with a diagonal covariance.

    Args:
        raw: outputs of a layer, (batch, 2 n_latents).
        n_latents: dimensions of z.

    Returns:
        The mean and the deviations, each (batch, n_latents).
    """
    return raw[:, :n_latents], keras.ops.softplus(raw[:, n_latents:])


def mean_and_factor(raw: Any, n_latents: int) -> tuple[Any, Any]:
    """Parameters of q(z|x) with a full covariance.

    Args:
        raw: outputs of a layer, (batch, n_latents + n_latents²).
        n_latents: dimensions of z.

    Returns:
        The mean (batch, n_latents), and the lower triangular factor of the covariance,
        (batch, n_latents, n_latents).
    """
    mean, square = raw[:, :n_latents], raw[:, n_latents:]
    square = tf.reshape(square, (-1, n_latents, n_latents))
    deviations = tf.math.softplus(tf.linalg.diag_part(square))
    return mean, tf.linalg.set_diag(tf.linalg.band_part(square, -1, 0), deviations)


def posterior_distribution(mean: Any, scale: Any) -> Distribution:
    """q(z|x), of its mean and its deviations or its triangular factor."""
    if len(scale.shape) == 2:
        return tfd.MultivariateNormalDiag(mean, scale)
    return tfd.MultivariateNormalTriL(mean, scale)


def divergence(posterior: Distribution, n_latents: int) -> Any:
    """KL(q(z|x) || N(0, I)) of each example, in nats: (batch,)."""
    prior = tfd.MultivariateNormalDiag(tf.zeros(n_latents, posterior.dtype))
    return tfd.kl_divergence(posterior, prior)


def gaussian(mean: Any, deviation: Any, axes: int) -> Distribution:
    """p(x|z), independent for each value of x.

    Args:
        mean: of x, (batch, *shape).
        deviation: η, one number.
        axes: of one x.
    """
    return tfd.Independent(tfd.Normal(mean, deviation), reinterpreted_batch_ndims=axes)


def bernoulli(logits: Any, axes: int) -> Distribution:
    """p(x|z) of x in 0..1, independent for each value of x.

    Args:
        logits: of x, (batch, *shape).
        axes: of one x.
    """
    pixels = tfd.Bernoulli(logits=logits, dtype=logits.dtype)
    return tfd.Independent(pixels, reinterpreted_batch_ndims=axes)

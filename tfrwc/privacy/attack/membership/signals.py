"""What membership attacks look at: numbers of each example, from a model's outputs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import norm

# The least normal float32: a softmax in single precision can be 0 below it.
_LEAST = float(np.finfo(np.float32).tiny)
# From so many shadow models with and without an example its own variance is used:
# Carlini et al. (2022, section VI) find a common one better up to 64 models in all.
_ENOUGH = 32


Floats = NDArray[np.float64]


def log_probabilities(outputs: Floats, from_logits: bool) -> Floats:
    """Logarithms of class probabilities, (..., classes).

    Args:
        outputs: (..., classes), probabilities or logits.
        from_logits: whether they are logits.
    """
    if not from_logits:
        outputs = np.log(np.maximum(outputs, _LEAST))
    log_p: Floats = outputs - logsumexp(outputs, axis=-1, keepdims=True)
    return log_p


def confidence(log_p: Floats, labels: NDArray[Any]) -> Floats:
    """log(p / (1 - p)) of the true class, without the rounding of 1 - p: (..., n)."""
    true = np.arange(log_p.shape[-1]) == labels[:, None]
    own = np.where(true, log_p, -np.inf).max(axis=-1)
    ratio: Floats = own - logsumexp(np.where(true, -np.inf, log_p), axis=-1)
    return ratio


def loss_signal(log_p: Floats, labels: NDArray[Any]) -> Floats:
    """(n, 1): minus the cross-entropy, the signal of Yeom et al. (2018)."""
    loss: Floats = np.logaddexp(0, -confidence(log_p, labels))
    return -loss[:, None]


def features(log_p: Floats, labels: NDArray[Any]) -> Floats:
    """(n, 4): minus the loss, margin in nats, entropy, greatest probability.

    The margin is the log-probability of the true class less that of the best other.
    """
    true = np.arange(log_p.shape[-1]) == labels[:, None]
    own = np.where(true, log_p, -np.inf).max(axis=-1)
    margin = own - np.where(true, -np.inf, log_p).max(axis=-1)
    p = np.exp(log_p)
    entropy = -(p * log_p).sum(axis=-1)
    return np.column_stack(
        [loss_signal(log_p, labels), margin, entropy, p.max(axis=-1)]
    )


def lira(
    target: Floats, shadows: Floats, included: NDArray[np.bool_]
) -> tuple[Floats, str]:
    """Scores of the likelihood ratio attack, (n,), and the variant of it in words.

    Online (each example in two or more shadow models): log of the ratio of two
    Gaussians, fitted to the example's confidence in shadow models trained with and
    without it. Offline: how many deviations the confidence lies above its mean
    without the example, which orders examples as the published 1 - P[Z > confidence].

    Args:
        target: (n,) confidences of the attacked model.
        shadows: (models, n) confidences of the shadow models.
        included: (models, n), bool, whether the model was trained on the example.
    """
    mean_out, sd_out, variance = _gaussians(shadows, ~included)
    if included.sum(axis=0).min() < 2:
        return (target - mean_out) / sd_out, f"offline, {variance}"
    mean_in, sd_in, variance = _gaussians(shadows, included)
    ratio = norm.logpdf(target, mean_in, sd_in) - norm.logpdf(target, mean_out, sd_out)
    return ratio, f"online, {variance}"


def _gaussians(
    shadows: Floats, chosen: NDArray[np.bool_]
) -> tuple[Floats, Floats, str]:
    """Mean and deviation of each example over its chosen models (models, n)."""
    count = chosen.sum(axis=0)
    mean = np.where(chosen, shadows, 0).sum(axis=0) / count
    squares = np.where(chosen, shadows - mean, 0) ** 2
    if count.min() >= _ENOUGH:
        variance, kind = squares.sum(axis=0) / (count - 1), "a variance per example"
    else:
        # About each example's own mean: not mixed up with how examples differ.
        # Sorted, as the last digit of a sum depends on the order of the examples.
        common = np.sort(squares.sum(axis=0)).sum() / (count - 1).sum()
        variance, kind = np.full(len(count), common), "one variance for all examples"
    if not (variance > 0).all():
        raise ValueError(
            f"{(variance == 0).sum()} examples have the same confidence in every "
            "shadow model. Give shadow models of different data, and logits "
            "(from_logits=True) rather than probabilities that were rounded to 1."
        )
    return mean, np.sqrt(variance), kind

"""A model and an optimizer that write down which examples were in which step.

This knows nothing of the account: a layer sees the number of each example, which is its
first value, and the optimizer says that a step was taken on them.
"""

import math
from collections import Counter

import keras
import numpy as np
import tensorflow as tf
from dp_accounting.pld import privacy_loss_distribution as pld
from scipy.optimize import brentq
from scipy.stats import norm

N, BATCH = 24, 6
X = np.stack([np.arange(N), np.cos(np.arange(N)), np.sin(np.arange(N))], 1)
X, Y = X.astype(np.float32), np.arange(N) % 2

_SEEN: list = []
STEPS: list = []
"""Of each private step: its noise, whether it is a Poisson sample, its examples."""
NOW = {"noise": 1.0, "poisson": False}


def _see(numbers):
    _SEEN[:] = [tuple(numbers.astype(int).tolist())]
    return numbers


def _step(iteration):
    STEPS.append((NOW["noise"], NOW["poisson"], *_SEEN))
    return iteration


@keras.saving.register_keras_serializable("tests")
class Seen(keras.layers.Layer):
    """Shows the numbers of the examples; the values go on without them."""

    def call(self, x):
        numbers = tf.numpy_function(_see, [x[:, 0]], tf.float32, stateful=True)
        with tf.control_dependencies([numbers]):
            return tf.identity(x[:, 1:])

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] - 1)


@keras.saving.register_keras_serializable("tests")
class Watched(keras.optimizers.SGD):
    """Writes down that a step is taken."""

    def apply(self, grads, trainable_variables=None):
        step = tf.numpy_function(_step, [np.int64(0)], tf.int64, stateful=True)
        with tf.control_dependencies([step]):
            return super().apply(grads, trainable_variables)


def network():
    layers = [keras.layers.Input((3,)), Seen(), keras.layers.Dense(2)]
    return keras.Sequential(layers)


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def begin_again():
    """Forget all steps."""
    STEPS.clear()
    NOW.update(noise=1.0, poisson=False)


def sampled_epsilon(delta):
    """What all steps cost at least, if each drew a Poisson sample."""
    total = None
    for noise, count in Counter(noise for noise, _, _ in STEPS).items():
        one = pld.from_gaussian_mechanism(
            noise,
            sampling_prob=BATCH / N,
            pessimistic_estimate=False,
            use_connect_dots=False,
            value_discretization_interval=1e-3,
        ).self_compose(count)
        total = one if total is None else total.compose(one)
    return 0.0 if total is None else total.get_epsilon_for_delta(delta)


def unsampled_epsilon(delta):
    """What the steps of no Poisson samples cost the example that was in most."""
    squares = Counter()
    for noise, poisson, examples in STEPS:
        for example in set(examples) if not poisson else ():
            squares[example] += 1 / noise**2
    if not squares:
        return 0.0
    mu = math.sqrt(max(squares.values()))

    def excess(epsilon):  # Balle and Wang, ICML 2018, theorem 8
        one = norm.cdf(mu / 2 - epsilon / mu)
        return one - math.exp(epsilon) * norm.cdf(-mu / 2 - epsilon / mu) - delta

    return brentq(excess, 0, 500) if excess(0) > 0 else 0.0


def most_uses():
    """In how many steps of no Poisson samples the most used example was."""
    uses = Counter(i for _, poisson, e in STEPS if not poisson for i in set(e))
    return max(uses.values(), default=0)

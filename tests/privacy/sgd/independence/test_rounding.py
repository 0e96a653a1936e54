"""A machine that rounds differently from call to call, and what may look like one."""

from itertools import product

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from privacy.sgd.batteries.case import real
from privacy.sgd.batteries.places import first, frozen, middle
from privacy.sgd.batteries.training import train

pytestmark = pytest.mark.usefixtures("unseen")
N = 16
X = real(6)(np.random.default_rng(0), N)
Y = np.random.default_rng(1).integers(0, 2, N)


class Rounds(keras.Layer):
    """Disturbs its inputs, by numbers that nobody can draw again.

    Args:
        size: of what each value is disturbed by, over it.
        values: that this is drawn from, for all at once; None for normal ones.
        mixing: share of the mean of the batch that is added.
    """

    def __init__(self, size, values=None, mixing=0.0, seed=0):
        super().__init__()
        self.size, self.values, self.mixing = size, values, mixing
        self.rng = np.random.default_rng(seed)

    def _noise(self, x):
        if self.values is not None:
            return (x * self.size * self.rng.choice(self.values)).astype(x.dtype)
        return (x * self.size * self.rng.normal(size=x.shape)).astype(x.dtype)

    def call(self, x):
        noise = tf.numpy_function(self._noise, [ops.stop_gradient(x)], x.dtype)
        x = x + tf.ensure_shape(noise, x.shape)
        if not self.mixing:  # 0 times what is not a number would be no number
            return x
        return x + self.mixing * ops.stop_gradient(ops.mean(x, axis=0, keepdims=True))


class Remembers(keras.Layer):
    """Keeps something of its inputs outside of TensorFlow.

    Args:
        update: function of what is kept, and of the inputs, to what is kept next.
    """

    def __init__(self, update):
        super().__init__()
        self.update, self.kept = update, np.float32(0)

    def _kept(self, x):
        before, self.kept = self.kept, np.float32(self.update(self.kept, x))
        return x * before

    def call(self, x):
        kept = tf.numpy_function(self._kept, [ops.stop_gradient(x)], x.dtype)
        return x + tf.ensure_shape(kept, x.shape)


def _cases(*sizes):
    """Some sizes and places; the others are slow."""
    quick = [(size, middle, 0) for size in sizes]
    every = product(sizes, (first, middle, frozen), range(3))
    slow = [case for case in every if case not in quick]
    return [*quick, *(pytest.param(*case, marks=pytest.mark.slow) for case in slow)]


@pytest.mark.parametrize(("size", "place", "seed"), _cases(1e-6, 3e-5))
def test_rounding_is_taken(size, place, seed):
    assert train(place(Rounds(size, seed=seed)), X, Y, 8).steps == 2


@pytest.mark.parametrize("values", [[0, 1], [0] * 9 + [1], [-1, 0, 1]])
def test_rounding_of_few_ways_is_taken(values):
    assert train(middle(Rounds(3e-5, values)), X, Y, 8).steps == 2


@pytest.mark.parametrize(("size", "place", "seed"), _cases(0.0, 1e-6, 1e-5))
def test_mixing_under_rounding_is_refused(size, place, seed):
    with pytest.raises(ValueError, match=r"mixes them|a second time"):
        train(place(Rounds(size, mixing=1e-4, seed=seed)), X, Y, 8)


@pytest.mark.parametrize(("size", "place", "seed"), _cases(3e-5))
def test_mixing_under_much_rounding_is_refused(size, place, seed):
    with pytest.raises(ValueError, match=r"mixes them|a second time"):
        train(place(Rounds(size, mixing=3e-4, seed=seed)), X, Y, 8)


@pytest.mark.parametrize("size", [1e-3, 1e-2])
def test_hidden_random_numbers_are_refused(size):
    with pytest.raises(ValueError, match="a second time"):
        train(middle(Rounds(size)), X, Y, 8)


@pytest.mark.parametrize(
    "update",
    [
        lambda kept, x: kept + 3e-5,
        lambda kept, x: 0.9 * kept + 1e-4 * np.abs(x).mean(),
        lambda kept, x: 3e-4 * x[0, 0],
        lambda kept, x: kept + 3e-5 * np.abs(x).mean(),
    ],
    ids=["count", "running mean", "the last batch", "sum"],
)
def test_what_drifts_is_refused(update):
    with pytest.raises(ValueError, match=r"a second time|mixes them"):
        train(middle(Remembers(update)), X, Y, 8)


def test_the_layer_that_mixes_is_named_and_not_the_one_that_rounds():
    rounds = Rounds(1e-5)
    mixes = Rounds(0.0, mixing=0.01)
    model = keras.Sequential([layers.Input((6,)), rounds, mixes, layers.Dense(2)])
    with pytest.raises(ValueError, match="mixes them") as error:
        train(model, X, Y, 8)
    assert rounds.name not in str(error.value)

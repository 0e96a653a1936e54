"""What mixes examples only after a step was checked, or in another call, is refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from privacy.sgd.batteries.case import real
from privacy.sgd.batteries.mixing_layers import Mixes, mean
from privacy.sgd.batteries.places import middle
from privacy.sgd.batteries.training import train

from tfrwc.privacy import make_private, poisson_batches

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
N, BATCH = 40, 16
RNG = np.random.default_rng(0)
X, Y = real(6)(RNG, N), RNG.integers(0, 2, N)
MIXES = r"some layer mixes them"


LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def private(model, **settings):
    result = make_private(model, noise_multiplier=1.0, batch_size=BATCH, train_size=N)
    result.compile(keras.optimizers.SGD(0.1), LOSS, **settings)
    return result


def above_eight_in_python(x):
    length = x.shape[0]
    return 0 * x if length is None or length <= 8 else -mean(x)


CALLS = {
    "train_on_batch": lambda model: model.train_on_batch(X[:4], Y[:4]),
    "train_step": lambda model: model.train_step((X[:4], Y[:4])),
    "without a graph": lambda model: model.fit(X, Y, verbose=0),
}


@pytest.mark.parametrize("name", CALLS)
def test_lengths_that_python_sees(name):
    eagerly = name == "without a graph"
    model = private(middle(Mixes(above_eight_in_python)), run_eagerly=eagerly)
    with pytest.raises(ValueError, match=MIXES):
        CALLS[name](model)
    assert model.steps == 0


def above_the_batch_size(x):
    return ops.where(ops.shape(x)[0] > BATCH, -mean(x), 0 * x)


def test_poisson_samples_after_fixed_batches():
    model = private(middle(Mixes(above_the_batch_size)))
    model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match=MIXES):
        model.fit(poisson_batches(X, Y, batch_size=BATCH), verbose=0)


def of_twelve(x):
    return ops.where(ops.equal(ops.shape(x)[0], 12), -mean(x), 0 * x)


def test_the_last_batch_of_a_pass():
    with pytest.raises(ValueError, match=MIXES):
        train(middle(Mixes(of_twelve)), X[:28], Y[:28], BATCH)


def test_unfrozen_normalisation():
    """Frozen when it was checked; the next call makes the step anew."""
    normal = layers.BatchNormalization()
    model = middle(normal)
    normal.trainable = False
    model = private(model)
    model.fit(X, Y, verbose=0)
    normal.trainable = True
    with pytest.raises(ValueError, match="is a BatchNormalization"):
        model.train_on_batch(X[:5], Y[:5])
    model = private(middle(layers.Activation("tanh")), run_eagerly=True)
    model.fit(X, Y, verbose=0)
    model.model.layers[0].trainable = False
    with pytest.raises(ValueError, match="frozen or unfrozen since"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", LOSS, run_eagerly=True)
    model.fit(X, Y, verbose=0)


class Switched(keras.Layer):
    """Mixes when a variable says so, which nothing in a step changes."""

    def __init__(self, kind, off=0):
        super().__init__()
        self.off = off
        self.switch = tf.Variable(tf.cast(off, kind), trainable=False)

    def call(self, x):
        is_on = tf.cast(self.switch, tf.bool) != bool(self.off)
        return ops.where(is_on, x - mean(x), x)


@pytest.mark.parametrize("off", [0, 1])
@pytest.mark.parametrize("kind", ["float32", "int64", "bool"])
def test_what_a_variable_turns_on(kind, off):
    """As callbacks set rates, and optimizers count steps."""
    layer = Switched(kind, off)
    with pytest.raises(ValueError, match=MIXES):
        train(middle(layer), X, Y, BATCH)
    assert layer.switch.numpy() == off


class Begins(keras.Layer):
    """Mixes from some step or epoch on, which a callback counts."""

    def __init__(self, kind, start):
        super().__init__()
        self.start = start
        self.count = tf.Variable(tf.cast(0, kind), trainable=False)

    def call(self, x):
        is_on = tf.cast(self.count, "float64") >= self.start
        return ops.where(is_on, x - mean(x), x)


@pytest.mark.parametrize(
    ("kind", "start"),
    [("int64", 1000), ("int8", 60), ("float32", 5), ("float16", 1e4), ("int32", 5000)],
)
def test_what_begins_at_a_count(kind, start):
    layer = Begins(kind, start)
    with pytest.raises(ValueError, match=MIXES):
        train(middle(layer), X, Y, BATCH)
    assert layer.count.numpy() == 0


class Rarely(keras.Layer):
    """Keeps an example if it has a value that none has that is tried."""

    def __init__(self):
        super().__init__()
        self.kept = tf.Variable(tf.zeros(6), trainable=False)

    def call(self, x):
        is_rare = tf.reduce_max(x) > 1e30
        kept = tf.cond(is_rare, lambda: self.kept.assign(x[0]), lambda: self.kept + 0)
        return x - kept


def test_what_would_be_kept_of_a_rare_example():
    layer = Rarely()
    with pytest.raises(ValueError, match=r"may change its state .* under a condition"):
        train(middle(layer), X, Y, BATCH)
    assert not layer.kept.numpy().any()


class Learning(keras.losses.Loss):
    """Takes away the mean of the outputs so far."""

    def __init__(self):
        super().__init__()
        self.centre = keras.Variable(np.zeros(2, np.float32), trainable=False)

    def call(self, y, outputs):
        losses = ops.mean((outputs - self.centre) ** 2, axis=-1)
        self.centre.assign(0.999 * self.centre + 0.001 * ops.mean(outputs, axis=0))
        return losses


def test_losses_that_keep_something():
    model = private(middle(layers.Activation("tanh")))
    model.compile("sgd", Learning())
    with pytest.raises(ValueError, match="The loss keeps something of each batch"):
        model.fit(X, Y, verbose=0)

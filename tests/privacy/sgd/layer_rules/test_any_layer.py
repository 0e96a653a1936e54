"""Layers without a rule."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.oracles import fast, images, of_layer, squared
from privacy.sgd.steps import by_fit, private

from tfrwc.privacy.sgd import clipping


def test_a_layer_without_a_rule_is_announced():
    model = of_layer(layers.Conv2DTranspose(2, 3), (4, 4, 1))
    with pytest.warns(RuntimeWarning, match=r"Conv2DTranspose.* has no rule.*register"):
        fast(model, images(4, 4, 1), 1.0)


class Dropping(layers.Layer):
    """Weights and dropout in one layer."""

    def __init__(self, own=True):
        super().__init__()
        self.seed = keras.random.SeedGenerator(3) if own else None

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 50))

    def call(self, x, training=False):
        y = x @ self.kernel
        return keras.random.dropout(y, 0.5, seed=self.seed) if training else y


def seeds(model):
    return [v for v in model.non_trainable_variables if "seed" in v.path]


def fast_from(model, state, *args):
    """From the same seeds."""
    for variable, value in zip(seeds(model), state, strict=True):
        variable.assign(value)
    return fast(model, *args)


def check_recurrent_dropout(layer, cells):
    model, x = of_layer(layer, (2, 3)), images(2, 3)
    state = [variable.numpy() for variable in seeds(model)]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(squared(clipping.forward(model, x)))
    expected = tape.gradient(total, [v.value for v in model.trainable_variables])
    sums, norms = fast_from(model, state, x, np.inf)
    for s, e in zip(sums, expected, strict=True):
        np.testing.assert_allclose(s, e, rtol=1e-4, atol=1e-5)
    x[1:] += 1
    _, others = fast_from(model, state, x, np.inf)
    np.testing.assert_allclose(others[0], norms[0], rtol=1e-4)
    assert (np.abs(others[1:] - norms[1:]) > 1e-3 * norms[1:]).any()
    assert all("get_dropout_mask" not in vars(cell) for cell in cells)


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_recurrent_dropout_is_that_of_the_forward_pass():
    layer = layers.SimpleRNN(3, dropout=0.5, recurrent_dropout=0.4, unroll=True)
    check_recurrent_dropout(layer, [layer.cell])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
@pytest.mark.parametrize("cell", [layers.LSTMCell, layers.GRUCell])
def test_recurrent_dropout_of_several_cells(cell):
    cells = [cell(3, dropout=0.5, recurrent_dropout=0.4) for _ in range(2)]
    check_recurrent_dropout(layers.RNN(cells), cells)


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_each_example_has_draws_of_its_own():
    model, x = of_layer(Dropping(), (4,)), np.repeat(images(4)[:1], 5, axis=0)
    state = [variable.numpy() for variable in seeds(model)]
    _, norms = fast_from(model, state, x, np.inf)
    assert len(set(norms)) == 5
    x[1:] += 1
    _, others = fast_from(model, state, x, np.inf)
    np.testing.assert_allclose(others[0], norms[0], rtol=1e-5)
    _, later = fast(model, x, np.inf)
    assert later[0] != others[0]
    # The rehearsal holds the examples' gradients against those of the batch.
    by_fit(private(model, 5), x, images(50), "mse")


class Counting(layers.Layer):
    """A weight to train, and one that counts calls."""

    def build(self, shape):
        self.factor = self.add_weight(shape=(), name="factor")
        self.calls = self.add_weight(shape=(), trainable=False, name="calls")

    def call(self, x):
        self.calls.assign_add(1.0)
        return x * self.factor


@pytest.mark.parametrize("layer", [Dropping(own=False), Counting()])
@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*cannot be computed.*:RuntimeWarning")
def test_a_call_that_cannot_be_repeated_is_refused(layer):
    with pytest.raises(ValueError, match="cannot be repeated for each example"):
        fast(of_layer(layer, (4,)), images(4), 1.0)

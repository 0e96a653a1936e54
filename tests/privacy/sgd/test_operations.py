"""Operations that nobody can look into are refused, and half precision is seen."""

import numpy as np
import pytest
import tensorflow as tf
from keras import Sequential, layers, ops
from privacy.sgd.small import refused
from privacy.sgd.steps import by_fit, private

from tfrwc.privacy.sgd import private_model
from tfrwc.privacy.sgd.operations import check_operations
from tfrwc.privacy.sgd.private_model import IN_HALF, IN_TENSOR_FLOAT

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
X = np.random.default_rng(0).normal(size=(5, 6)).astype("f")
Y = np.zeros((5, 2), "f")


class Keeps(layers.Layer):
    """Passes its inputs on, and shows them to Python, in training or outside."""

    def __init__(self, in_training=True, call=tf.numpy_function):
        super().__init__(name="shows")
        self.in_training, self.function, self.seen = in_training, call, []

    def _see(self, x):
        self.seen.append(x)
        return x

    def call(self, x, training=None):
        if bool(training) != self.in_training:
            return x
        shown = self.function(self._see, [ops.stop_gradient(x)], x.dtype)
        return x + 0 * tf.ensure_shape(shown, x.shape)


def of(layer):
    parts = [layers.Dense(6), Sequential([layer], name="part"), layers.Dense(2)]
    return Sequential([layers.Input((6,)), *parts])


@pytest.mark.parametrize("call", [tf.numpy_function, tf.py_function])
def test_python_in_training_is_refused_with_the_layer(call):
    with pytest.raises(ValueError, match=r"in layer 'shows', by \w*PyFunc") as error:
        check_operations(of(Keeps(call=call)), tf.constant(X))
    assert "tf.numpy_function or tf.py_function" in str(error.value)
    assert "do it to the data before fit" in str(error.value)


@pytest.mark.usefixtures("unasked")
def test_python_outside_of_training_is_taken():
    layer = Keeps(in_training=False)
    made = private(of(layer), 5)
    by_fit(made, X, Y, "mse")
    assert not layer.seen
    made.evaluate(X, Y, verbose=0)
    assert layer.seen


def python_loss(y, outputs):
    shown = tf.numpy_function(lambda a: a, [outputs], outputs.dtype)
    return ops.mean((outputs - tf.ensure_shape(shown, outputs.shape)) ** 2, axis=-1)


def test_losses_and_augmentations_in_python_are_refused():
    refused(r"leaves the graph .* by PyFunc", loss=python_loss, fit=True)
    made = private(of(layers.Activation("tanh")), 5)
    made.augmentation = Keeps()
    with pytest.raises(ValueError, match="augmentation 'shows' leaves the graph"):
        by_fit(made, X, Y, "mse")


class InHalf(layers.Layer):
    """Computes in half precision, whatever its policy says."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def build(self, shape):
        self.kernel = self.add_weight(shape=(shape[-1], 4))

    def call(self, x):
        y = ops.cast(x, self.kind) @ ops.cast(self.kernel, self.kind)
        return ops.cast(ops.tanh(y), "float32")


@pytest.mark.filterwarnings("ignore:.*pfor.*")
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_a_layer_may_round_to_half_precision(kind):
    model = Sequential([layers.Input((6,)), InHalf(kind), layers.Dense(2)])
    changes = by_fit(private(model, 5), X, Y, "mse")
    assert all(np.abs(change).max() > 0 for change in changes)


@pytest.mark.usefixtures("unasked")
@pytest.mark.parametrize("kind", ["float32", "mixed_float16"])
def test_rounding_is_said(kind, monkeypatch):
    made = private(of(layers.Dense(6, dtype=kind)), 5)
    by_fit(made, X, Y, "mse")
    expected = () if kind == "float32" else (IN_HALF,)
    assert made.statement().rests_on == expected
    monkeypatch.setattr(private_model, "rounds_products", lambda: True)
    by_fit(made, X, Y, "mse")
    assert made.statement().rests_on == (*expected, IN_TENSOR_FLOAT)

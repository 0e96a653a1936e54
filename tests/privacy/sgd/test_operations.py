"""Operations through which no gradient of single examples can be computed."""

import numpy as np
import pytest
import tensorflow as tf
from keras import Sequential, layers, ops
from privacy.sgd.steps import by_fit, private

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
X = np.random.default_rng(0).normal(size=(5, 6)).astype("f")
Y = np.zeros((5, 2), "f")


class InPython(layers.Layer):
    """A hyperbolic tangent that Python computes, of inputs times a weight or not."""

    def __init__(self, has_weight=False):
        super().__init__()
        self.has_weight = has_weight

    def build(self, shape):
        if self.has_weight:
            self.factor = self.add_weight(shape=(), initializer="ones")

    def call(self, x):
        x = x * self.factor if self.has_weight else x
        y = tf.py_function(tf.tanh, [x], tf.float32)
        y.set_shape(x.shape)
        return y


@pytest.mark.parametrize("is_built", [False, True])
@pytest.mark.parametrize(
    "parts", [lambda: [layers.Dense(6), InPython()], lambda: [InPython(True)]]
)
def test_weights_before_python_are_refused(parts, is_built):
    front = [layers.Input((6,))] if is_built else []
    model = Sequential([*front, *parts(), layers.Dense(2)])
    with pytest.raises(ValueError, match=r"before, or in the layer of, a tf\.py_func"):
        by_fit(private(model, 5), X, Y, "mse")


def test_python_on_inputs_alone_is_taken():
    model = Sequential([layers.Input((6,)), InPython(), layers.Dense(2)])
    before = model.layers[-1].kernel.numpy()
    by_fit(private(model, 5), X, Y, "mse")
    assert (model.layers[-1].kernel.numpy() != before).any()


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

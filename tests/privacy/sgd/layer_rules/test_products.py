"""Products of matrices in layers without a rule, as `tf.vectorized_map` makes them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops
from privacy.sgd.oracles import check, images, of_layer
from privacy.sgd.steps import by_fit, private

from tfrwc.compat import matrix_products
from tfrwc.privacy.sgd.each_example import each_example

pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:.*pfor.*"),
]

affected = pytest.mark.skipif(
    not matrix_products._is_affected(), reason="this TensorFlow computes them right"
)

FORMS = {
    "positions": lambda x, w: x @ w,
    "positions of patches": lambda x, w: ops.reshape(x, (-1, 2, 3, 4)) @ w,
    "patches of one": lambda x, w: x[:, :, None] @ w,
    "the other side": lambda x, w: ops.transpose(w) @ ops.transpose(x, (0, 2, 1)),
    "einsum": lambda x, w: ops.einsum("btd,dk->btk", x, w),
    "einsum of patches": lambda x, w: ops.einsum("bptd,dk->bptk", x[:, None], w),
    "attention": lambda x, w: ops.softmax((x @ w) @ ops.transpose(x, (0, 2, 1))) @ x,
    "one weight for each position": lambda x, w: x[:, :, None] @ (w[None] * 2.0),
    "twice": lambda x, w: ops.tanh(x @ w) @ ops.transpose(w),
}


class Product(layers.Layer):
    """A product of each example and one weight."""

    def __init__(self, form, **kwargs):
        super().__init__(**kwargs)
        self.form = form

    def build(self, shape):
        self.kernel = self.add_weight(shape=(4, 4), name="kernel")

    def call(self, x):
        return FORMS[self.form](x, self.kernel)


@pytest.mark.parametrize("form", FORMS)
def test_of_examples_and_a_weight(form):
    check(of_layer(Product(form), (6, 4)), images(6, 4))


class Frozen(layers.Layer):
    """A projection by a frozen weight, before one that is trained."""

    def build(self, shape):
        self.fixed = self.add_weight(shape=(4, 4), trainable=False, name="fixed")
        self.scale = self.add_weight(shape=(4,), name="scale")

    def call(self, x):
        return (x * self.scale) @ self.fixed


def test_of_examples_and_a_frozen_weight():
    model = of_layer(Frozen(), (6, 4))
    model.layers[-1].fixed.assign(np.random.default_rng(0).normal(size=(4, 4)))
    check(model, images(6, 4))


@affected
def test_of_examples_and_a_constant_are_computed_one_after_the_other():
    x = np.random.default_rng(0).normal(size=(7, 5, 4)).astype("f")
    matrix = np.random.default_rng(1).normal(size=(4, 3)).astype("f")

    def product(row, _):
        return tf.matmul(row[None], tf.constant(matrix))[0]

    @tf.function(autograph=False)
    def products(rows):
        return each_example(product, rows, tf.float32, "The product")

    with pytest.warns(RuntimeWarning, match="one example after the other"):
        result = products(tf.constant(x))
    np.testing.assert_allclose(result, x @ matrix, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_shared_matrix_is_repeated(eagerly):
    x = np.random.default_rng(0).normal(size=(7, 5, 4)).astype("f")
    matrix = np.random.default_rng(1).normal(size=(4, 3)).astype("f")

    def products(rows):
        return each_example(
            lambda row, shared: tf.matmul(row[None], shared[0])[0],
            rows,
            tf.float32,
            "The product",
            [tf.constant(matrix)],
        )

    call = products if eagerly else tf.function(products)
    for _ in range(20):  # what was written outside of its memory shows at some time
        result = call(tf.constant(x))
        np.testing.assert_allclose(result, x @ matrix, rtol=1e-5, atol=1e-6)


@affected
def test_a_model_with_a_product_that_comes_out_wrong_is_refused():
    inputs = layers.Input((6, 4))
    rows = Product("positions")(layers.Reshape((1, 6, 4))(inputs))
    model = keras.Model(inputs, layers.Flatten()(rows))
    with pytest.raises(
        ValueError, match=r"\((None|[0-9]+), 1, 6, 4\).*TF_ENABLE_ONEDNN"
    ):
        by_fit(private(model, 5), images(6, 4), np.zeros((5, 24), "f"), "mse")


@pytest.mark.parametrize(
    ("shapes", "wrong"),
    [
        (((None, 1, 5, 4), (4, 3)), True),
        (((7, 1, 5, 4), (1, 1, 4, 3)), True),
        (((7, None, 5, 4), (1, 4, 3)), True),
        (((None, 1, 5, 4), (None, 1, 4, 3)), False),
        (((1, 1, 5, 4), (4, 3)), False),
        (((7, 2, 5, 4), (1, 1, 4, 3)), False),
        (((7, 5, 4), (4, 3)), False),
        (((1, 1, 4, 3), (7, 1, 3, 4)), False),
        (((7, 2, 1, 5, 4), (4, 3)), False),
    ],
)
def test_which_products_come_out_wrong(shapes, wrong, monkeypatch):
    monkeypatch.setattr(matrix_products, "_is_affected", lambda: True)

    @tf.function(input_signature=[tf.TensorSpec(shape) for shape in shapes])
    def product(one, other):
        return tf.raw_ops.BatchMatMulV2(x=one, y=other)

    @tf.function(input_signature=product.input_signature)
    def in_a_loop(one, other):
        return tf.map_fn(lambda _: product(one, other), tf.zeros(3))

    for function in product, in_a_loop:
        graph = function.get_concrete_function().graph
        assert bool(matrix_products.wrong_products(graph)) == wrong

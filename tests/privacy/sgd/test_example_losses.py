"""Losses of single examples: those of plain Keras, whatever it computes them from."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, losses
from privacy.sgd.loss_cases import CASES, CLASSES, LABELS, ONE_HOT, WEIGHTS, X, build
from privacy.sgd.steps import (
    assert_equal_steps,
    by_fit,
    clipped_step,
    norms_of,
    one_by_one,
    private,
)

from tfrwc.privacy.sgd.example_losses import example_losses, is_summed

FAST = ("sparse of dense", "binary of nested")
OTHER_WAYS = (*FAST, "smoothed of softmax layer", "categorical of activation layer")
SATURATED = 100.0


def check_fit(make, make_loss, y, weights=None, scale=SATURATED, **compilation):
    """A step without clip and noise is plain Keras', also where nothing moves."""
    plain, other = build(make, scale), build(make, scale)
    expected = by_fit(plain, X, y, make_loss(), weights, **compilation)
    step = by_fit(private(other, len(X)), X, y, make_loss(), weights, **compilation)
    largest = max(np.abs(e).max() for e in expected)
    for s, e in zip(step, expected, strict=True):
        np.testing.assert_allclose(s, e, rtol=1e-4, atol=1e-6 * largest + 1e-12)
    return largest


@pytest.mark.parametrize("name", FAST)
def test_a_step_from_certain_outputs(name):
    assert check_fit(*CASES[name]) > 0.1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*from_logits=True.*")
@pytest.mark.parametrize("name", CASES)
def test_a_step_of_every_output_and_loss(name):
    check_fit(*CASES[name])
    check_fit(*CASES[name], weights=WEIGHTS, scale=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER_WAYS)
@pytest.mark.parametrize("how", ["run_eagerly", "jit_compile"])
def test_a_step_of_other_ways_to_run(name, how):
    check_fit(*CASES[name], **{how: True})


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHER_WAYS)
def test_a_clipped_step_from_certain_outputs(name):
    make, make_loss, y = CASES[name]
    model = build(make, SATURATED)
    gradients = one_by_one(model, X, y, make_loss())
    clip = float(np.median(norms_of(gradients)))
    step = by_fit(private(model, len(X), clip), X, y, make_loss())
    assert_equal_steps(step, clipped_step(gradients, clip))


def test_several_outputs():
    def make():
        inputs = layers.Input((5,))
        p = layers.Dense(CLASSES, "softmax", name="p")(inputs)
        q = layers.Dense(CLASSES, "sigmoid", name="q")(inputs)
        return keras.Model(inputs, {"p": p, "q": q})

    def loss():
        return {"p": "sparse_categorical_crossentropy", "q": "binary_crossentropy"}

    y = {"p": LABELS, "q": ONE_HOT}
    assert check_fit(make, loss, y, loss_weights={"p": 1.0, "q": 0.3}) > 0.1


@pytest.mark.parametrize(
    "last", ["float32", pytest.param(None, marks=pytest.mark.slow)]
)
def test_mixed_precision(last):
    """With the logits that are left in it: those of outputs in float32."""

    def make():
        inputs = layers.Input((5,))
        x = layers.Dense(6, "tanh", dtype="mixed_bfloat16")(inputs)
        x = layers.Dense(CLASSES, dtype=last or "mixed_bfloat16")(x)
        x = layers.Activation("softmax", dtype=last or "mixed_bfloat16")(x)
        return keras.Model(inputs, x)

    models = [build(make, 30.0) for _ in range(2)]
    loss = "sparse_categorical_crossentropy"
    expected = by_fit(models[0], X, LABELS, loss)
    step = by_fit(private(models[1], len(X)), X, LABELS, loss)
    largest = max(np.abs(e).max() for e in expected)
    for s, e in zip(step, expected, strict=True):
        np.testing.assert_allclose(s, e, atol=0.02 * largest)


def words():
    """A model of sequences that are of different lengths."""
    inputs = layers.Input((6,), dtype="int32")
    x = layers.Embedding(5, 4, mask_zero=True)(inputs)
    return keras.Model(inputs, layers.Dense(CLASSES, "softmax")(x))


def test_what_a_mask_leaves_out_counts_for_nothing():
    """Each example's loss is divided by what counts in it."""
    rng = np.random.default_rng(5)
    x = rng.integers(1, 5, (4, 6)).astype(np.int32)
    for i, length in enumerate((6, 3, 4, 1)):
        x[i, length:] = 0
    y = rng.integers(0, CLASSES, (4, 6))
    model, loss = words(), losses.SparseCategoricalCrossentropy()
    gradients = one_by_one(model, x, y, loss)
    clip = float(np.median(norms_of(gradients)))
    step = by_fit(private(model, 4, clip), x, y, loss)
    assert_equal_steps(step, clipped_step(gradients, clip))


def test_a_class_that_is_ignored():
    y = LABELS.copy()
    y[1] = 1
    model = build(CASES["sparse of dense"][0], 0.5)
    loss = losses.SparseCategoricalCrossentropy(ignore_class=1)
    gradients = one_by_one(model, X, y, loss)
    step = by_fit(private(model, 4), X, y, loss)
    assert_equal_steps(step, clipped_step(gradients, np.inf))


@pytest.mark.parametrize(
    "reduction",
    [
        None,
        "sum",
        pytest.param("none", marks=pytest.mark.slow),
        pytest.param("mean", marks=pytest.mark.slow),
    ],
)
def test_reductions(reduction):
    def loss():
        return losses.CategoricalCrossentropy(reduction=reduction)

    make, _, y = CASES["categorical of dense"]
    assert check_fit(make, loss, y, weights=WEIGHTS, scale=0.5) > 0
    model = build(make, 0.5)
    gradients = one_by_one(model, X, y, losses.CategoricalCrossentropy())
    clip = float(np.median(norms_of(gradients)))
    expected = clipped_step(gradients, clip)
    if reduction != "mean":
        expected = [len(X) * e for e in expected]
    step = by_fit(private(model, len(X), clip), X, y, loss())
    assert_equal_steps(step, expected)


def test_a_mean_over_the_weights_of_others_is_refused():
    loss = losses.CategoricalCrossentropy(reduction="mean_with_sample_weight")
    make, _, y = CASES["categorical of dense"]
    check_fit(make, lambda: loss, y, scale=0.5)
    with pytest.raises(ValueError, match="'sum_over_batch_size'"):
        by_fit(private(make(), len(X)), X, y, loss, WEIGHTS)


@pytest.mark.filterwarnings("ignore:The loss cannot be computed by:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_a_loss_that_cannot_be_vectorized():
    def make():
        inputs = layers.Input((5,))
        x = layers.Dense(6 * CLASSES)(inputs)
        return keras.Model(inputs, layers.Reshape((6, CLASSES))(x))

    y = np.array([[1, 2], [2, 0], [1, 1], [2, 1]])
    assert check_fit(make, losses.CTC, y, scale=0.5) > 0


def summed_where_labelled(y, outputs):
    rows = losses.sparse_categorical_crossentropy(
        tf.maximum(y, 0), outputs, from_logits=True
    )
    return tf.reduce_sum(tf.boolean_mask(rows, y >= 0))


@pytest.mark.filterwarnings("ignore:The loss cannot be computed by:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*while_loop.*")
def test_shapes_that_depend_on_values_are_told_what_to_do_instead():
    model = keras.Sequential([layers.Input((5,)), layers.Dense(3)])
    y = np.where(np.arange(len(X)) % 3, LABELS, -1)
    with pytest.raises(ValueError, match="multiply by the mask"):
        by_fit(private(model, len(X)), X, y, summed_where_labelled)


def own(y, outputs):
    return keras.ops.logsumexp(outputs, axis=-1) - keras.ops.sum(y * outputs, axis=-1)


class Own(losses.Loss):
    def call(self, y, outputs):
        return own(y, outputs)


@pytest.mark.parametrize(
    "loss",
    [
        own,
        pytest.param(Own(), marks=pytest.mark.slow),
        pytest.param(Own(reduction="sum"), marks=pytest.mark.slow),
    ],
)
def test_losses_of_ones_own(loss):
    make, _, y = CASES["categorical of logits"]
    assert check_fit(make, lambda: loss, y, WEIGHTS, scale=0.5) > 0


def test_the_loss_of_a_batch_is_known_by_its_examples():
    y, outputs = tf.constant(ONE_HOT), tf.constant(X[:, :CLASSES])
    for scale in (1.0, 1e-3):
        mean = lambda y, o, w, s=scale: s * tf.reduce_mean((y - o) ** 2)  # noqa: E731
        assert is_summed(mean, y, outputs, None) is False
        total = lambda y, o, w, s=scale: s * tf.reduce_sum((y - o) ** 2)  # noqa: E731
        assert is_summed(total, y, outputs, None) is True
    with pytest.raises(ValueError, match="must be the mean or the sum"):
        is_summed(lambda y, o, w: tf.reduce_max(o), y, outputs, None)


def test_the_losses_are_those_of_batches_of_one():
    loss = losses.CategoricalCrossentropy(label_smoothing=0.1)
    outputs = keras.activations.softmax(tf.constant(50 * X[:, :CLASSES]))
    values = example_losses(loss, tf.constant(ONE_HOT), outputs, None)
    for i, value in enumerate(values):
        row = keras.activations.softmax(tf.constant(50 * X[i : i + 1, :CLASSES]))
        assert float(value) == pytest.approx(float(loss(ONE_HOT[i : i + 1], row)))

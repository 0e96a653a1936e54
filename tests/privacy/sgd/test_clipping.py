"""Sums of clipped per-example gradients, against one example after the other."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from tfrwc.compat import tensorflow_privacy
from tfrwc.privacy.sgd import clipping, layer_rules, per_example

RNG = np.random.default_rng(0)


def squared(outputs):
    """A loss of each example that depends on every output in another way."""
    flat = tf.reshape(tf.cast(outputs, tf.float32), (tf.shape(outputs)[0], -1))
    ramp = tf.range(1, flat.shape[1] + 1, dtype=tf.float32) / flat.shape[1]
    return tf.reduce_sum(tf.sin(flat) * ramp + 0.1 * flat**2, axis=1)


def one_by_one(model, x, clip):
    """The oracle: a backward pass for each example, clipped and summed in float64."""
    variables = model.trainable_variables
    sums, norms = [np.zeros(v.shape) for v in variables], []
    for i in range(len(x)):
        with tf.GradientTape() as tape:
            loss = squared(clipping.call(model, x[i : i + 1]))[0]
        found = tape.gradient(
            loss,
            [v.value for v in variables],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        found = [tf.convert_to_tensor(g).numpy().astype(np.float64) for g in found]
        norm = np.sqrt(sum((g**2).sum() for g in found))
        norms.append(norm)
        scale = min(1.0, clip / norm)
        sums = [total + scale * g for total, g in zip(sums, found, strict=True)]
    return sums, np.array(norms)


def by_the_query(model, x, clip):
    """The same clip and sum by tensorflow-privacy's own query."""
    query = tensorflow_privacy.gaussian_query.GaussianSumQuery(clip, 0.0)
    variables = [v.value for v in model.trainable_variables]
    params = query.derive_sample_params(query.initial_global_state())
    state = query.initial_sample_state(variables)
    for i in range(len(x)):
        with tf.GradientTape() as tape:
            loss = squared(clipping.call(model, x[i : i + 1]))[0]
        record = tape.gradient(loss, variables)
        state = query.accumulate_record(params, state, record)
    return [total.numpy() for total in state]


def fast(model, x, clip, losses=squared, views=1, jit_compile=False):
    def sums(x):
        return clipping.clipped_sums(model, losses, x, clip, views, jit_compile)

    step = tf.function(sums, autograph=False, jit_compile=jit_compile)
    found = step(tf.constant(x))
    sums = [found.sums[id(v)].numpy() for v in model.trainable_variables]
    return sums, found.norms.numpy()


def check(model, x, rtol=2e-4):
    for variable in model.trainable_variables:
        variable.assign(RNG.normal(0.0, 0.5, variable.shape))
    _, norms = one_by_one(model, x, np.inf)
    clip = float(np.median(norms))  # half of them are clipped
    expected, _ = one_by_one(model, x, clip)
    sums, found = fast(model, x, clip)
    np.testing.assert_allclose(found, norms, rtol=rtol)
    for e, s in zip(expected, sums, strict=True):
        np.testing.assert_allclose(s, e, rtol=rtol, atol=rtol * np.abs(e).max() + 1e-7)


def of_layer(layer, shape):
    return keras.Sequential([layers.Input(shape), layer])


def images(*shape):
    return RNG.normal(size=(5, *shape)).astype(np.float32)


# Layers with a rule: (layer, shape of an example).
RULED = {
    "dense": (lambda: layers.Dense(3, "tanh"), (4,)),
    "dense, no bias": (lambda: layers.Dense(3, use_bias=False), (4,)),
    "dense of few positions": (lambda: layers.Dense(30), (2, 20)),
    "dense of many positions": (lambda: layers.Dense(2), (40, 3)),
    "dense of a grid": (lambda: layers.Dense(2), (4, 5, 3)),
    "conv": (lambda: layers.Conv2D(4, 3, padding="same", activation="relu"), (7, 6, 2)),
    "conv, valid": (lambda: layers.Conv2D(4, (2, 3)), (6, 7, 2)),
    "conv, strides": (lambda: layers.Conv2D(4, 3, 2, padding="same"), (7, 8, 2)),
    "conv, strides, valid": (lambda: layers.Conv2D(4, (3, 2), (2, 3)), (9, 8, 2)),
    "conv, stride above size": (lambda: layers.Conv2D(4, 1, 2, "same"), (6, 5, 3)),
    "conv, dilation": (
        lambda: layers.Conv2D(4, 3, padding="same", dilation_rate=2),
        (8, 7, 2),
    ),
    "conv of few positions": (lambda: layers.Conv2D(24, 3, padding="same"), (3, 2, 16)),
    "conv of few positions, strides": (
        lambda: layers.Conv2D(24, 3, 2, padding="same"),
        (4, 5, 16),
    ),
    "conv of few positions, dilation": (
        lambda: layers.Conv2D(24, 3, padding="same", dilation_rate=2),
        (3, 2, 16),
    ),
    "conv 1d": (lambda: layers.Conv1D(3, 4, padding="causal"), (9, 2)),
    "conv 3d": (lambda: layers.Conv3D(3, 2, padding="same"), (3, 4, 5, 2)),
    "depthwise": (
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same"),
        (5, 6, 3),
    ),
    "depthwise, strides": (lambda: layers.DepthwiseConv2D(3, 2, "same"), (7, 6, 3)),
    "einsum": (
        lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 3), bias_axes="de"),
        (5, 6),
    ),
    "einsum, part of a bias": (
        lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 3), bias_axes="e"),
        (5, 6),
    ),
    "group norm": (lambda: layers.GroupNormalization(2), (4, 5, 6)),
    "group norm, one group": (lambda: layers.GroupNormalization(1), (7, 6)),
    "instance norm": (lambda: layers.GroupNormalization(-1), (4, 5, 3)),
    "group norm, no scale": (
        lambda: layers.GroupNormalization(3, scale=False),
        (4, 5, 6),
    ),
    "layer norm": (lambda: layers.LayerNormalization(), (5, 6)),
    "layer norm, no offset": (lambda: layers.LayerNormalization(center=False), (6,)),
}
# Layers that take the way of any layer.
OTHERS = {
    "conv, groups": (lambda: layers.Conv2D(4, 3, groups=2), (6, 5, 4)),
    "transposed": (lambda: layers.Conv2DTranspose(3, 3, 2, padding="same"), (4, 5, 2)),
    "lstm": (lambda: layers.LSTM(3), (5, 4)),
    "time distributed": (lambda: layers.TimeDistributed(layers.Dense(2)), (4, 3)),
    "group norm, first axis": (lambda: layers.GroupNormalization(2, axis=1), (4, 5)),
    "layer norm, two axes": (lambda: layers.LayerNormalization([1, 2]), (4, 5)),
    "prelu": (lambda: layers.PReLU(), (4, 5)),
}


@pytest.mark.parametrize("name", RULED)
def test_rules_agree_with_one_example_after_the_other(name):
    make, shape = RULED[name]
    check(of_layer(make(), shape), images(*shape))


@pytest.mark.parametrize("name", [*RULED, "prelu"])
@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_the_gradient_of_an_example_is_the_mean_of_its_views(name):
    make, shape = (RULED | OTHERS)[name]
    model = of_layer(make(), shape)
    x = RNG.normal(size=(4, 3, *shape)).astype(np.float32)
    # Of each example alone: without a bound, the sum of a batch of its views.
    alone = [fast(model, rows, np.inf)[0] for rows in x]
    alone = [[total / 3 for total in sums] for sums in alone]
    norms = [np.sqrt(sum((g**2).sum() for g in sums)) for sums in alone]
    clip = float(np.median(norms))
    sums, found = fast(model, x.reshape(12, *shape), clip, views=3)
    np.testing.assert_allclose(found, norms, rtol=1e-3)
    scales = np.minimum(1, clip / np.array(norms))
    for i, total in enumerate(sums):
        expected = sum(s * g[i] for s, g in zip(scales, alone, strict=True))
        bound = 1e-3 * np.abs(expected).max() + 1e-6
        np.testing.assert_allclose(total, expected, rtol=1e-3, atol=bound)


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:.*pfor.*")
def test_other_layers_agree_with_one_example_after_the_other(name):
    make, shape = OTHERS[name]
    check(of_layer(make(), shape), images(*shape))


def test_a_layer_without_a_rule_is_announced():
    model = of_layer(layers.Conv2DTranspose(2, 3), (4, 4, 1))
    with pytest.warns(RuntimeWarning, match="Conv2DTranspose.* has no rule"):
        fast(model, images(4, 4, 1), 1.0)


def test_embedding_with_repeated_rows():
    model = keras.Sequential(
        [layers.Input((6,), dtype="int32"), layers.Embedding(4, 3)]
    )
    check(model, RNG.integers(0, 4, (5, 6)).astype(np.int32))


class Shared(keras.Model):
    """One dense layer used twice, and an attention over its outputs."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, "tanh")
        self.attention = layers.MultiHeadAttention(2, 3)
        self.norm = layers.LayerNormalization()

    def call(self, x):
        x = self.dense(self.dense(x))
        return self.norm(x + self.attention(x, x))


def test_shared_layers_and_attention():
    model = Shared()
    model(images(5, 4))
    check(model, images(5, 4))


class Scaled(keras.Model):
    """A model with a weight of its own beside its layers."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(3, "tanh")

    def build(self, shape):
        self.scale = self.add_weight(shape=(3,), initializer="ones", name="scale")
        self.dense.build(shape)

    def call(self, x):
        return self.dense(x) * self.scale


@pytest.mark.filterwarnings("ignore:Layer .* has no rule:RuntimeWarning")
def test_a_model_with_weights_of_its_own():
    model = Scaled()
    model(images(4))
    check(model, images(4))


class Repeated(keras.Layer):
    """Owns a layer, and calls it twice."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4, "tanh")

    def build(self, shape):
        self.dense.build(shape)

    def call(self, x):
        return self.dense(self.dense(x) + x)


def test_a_layer_called_twice_within_another():
    check(of_layer(Repeated(), (4,)), images(4))
    check(of_layer(Repeated(), (3, 4)), images(3, 4))


def test_agrees_with_the_query_of_tensorflow_privacy():
    model = keras.Sequential(
        [layers.Input((6, 6, 2)), layers.Conv2D(3, 3, 2), layers.GroupNormalization(1)]
    )
    x = images(6, 6, 2)
    sums, norms = fast(model, x, 1.0)
    assert (norms > 1).any()
    for found, expected in zip(sums, by_the_query(model, x, 1.0), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_frozen_weights_are_left_out():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.layers[0].trainable = False
    model.layers[1].bias.trainable = False
    check(model, images(4))


@settings(max_examples=15, deadline=None)
@given(
    size=st.tuples(st.integers(3, 8), st.integers(3, 8)),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    strides=st.integers(1, 3),
    padding=st.sampled_from(["same", "valid"]),
    channels=st.integers(1, 3),
)
def test_views_are_what_a_convolution_sees(size, kernel, strides, padding, channels):
    a = RNG.normal(size=(2, *size, channels)).astype(np.float32)
    weights = RNG.normal(size=(*kernel, channels, 4)).astype(np.float32)
    seen = per_example.patches(
        tf.constant(a), kernel, (strides, strides), (1, 1), padding
    )
    flat = weights.reshape(-1, channels, 4)
    made = sum(view.numpy() @ w for view, w in zip(seen, flat, strict=True))
    expected = keras.ops.conv(a, weights, strides, padding, "channels_last")
    np.testing.assert_allclose(
        made.reshape(expected.shape), expected, rtol=1e-4, atol=1e-4
    )


def test_both_forms_of_a_product_agree(monkeypatch):
    layer = layers.Conv2D(5, 3, padding="same")
    model, x = of_layer(layer, (4, 4, 3)), images(4, 4, 3)
    found = {}
    for ghost in (True, False):
        monkeypatch.setattr(per_example, "is_ghost_cheaper", lambda *a, g=ghost: g)
        found[ghost] = fast(model, x, 0.5)
    np.testing.assert_allclose(found[True][1], found[False][1], rtol=1e-4)
    for one, other in zip(found[True][0], found[False][0], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_an_example_that_is_not_finite_adds_nothing(bad):
    model = keras.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(3, 3),
            layers.GroupNormalization(1),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    x = images(6, 6, 1)
    good = fast(model, x[1:], 1.0)[0]
    x[0] = bad
    sums, norms = fast(model, x, 1.0)
    if not np.isfinite(norms[0]):
        for one, other in zip(sums, good, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert all(np.isfinite(s).all() for s in sums)


@pytest.mark.parametrize(("jit_compile", "views"), [(False, 2), (True, 1)])
@pytest.mark.parametrize(
    "name", ["dense", "dense of many positions", "conv", "conv of few positions"]
)
def test_each_form_leaves_out_what_is_not_finite(name, jit_compile, views):
    make, shape = RULED[name]
    model, x = of_layer(make(), shape), images(*shape)
    for bad in (np.nan, np.inf):
        given = np.repeat(x, views, axis=0)
        given[0] = bad
        sums, _ = fast(model, given, 0.5, views=views, jit_compile=jit_compile)
        for one, other in zip(sums, fast(model, x[1:], 0.5)[0], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_an_embedding_leaves_out_what_is_not_finite():
    model = keras.Sequential(
        [layers.Input((5,), dtype="int32"), layers.Embedding(6, 3), layers.Flatten()]
    )
    ids = RNG.integers(0, 6, (4, 5)).astype(np.int32)

    def but_the_first(outputs):
        return squared(outputs) * tf.constant([np.nan, 1.0, 1.0, 1.0])

    [sums], _ = fast(model, ids, 0.5, losses=but_the_first)
    [expected], _ = fast(model, ids[1:], 0.5)
    np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-6)


def test_views_of_an_embedding():
    model = keras.Sequential(
        [layers.Input((5,), dtype="int32"), layers.Embedding(6, 3), layers.Flatten()]
    )
    ids = RNG.integers(0, 6, (4, 5)).astype(np.int32)
    [sums], _ = fast(model, np.repeat(ids, 2, axis=0), 0.5, views=2)
    [expected], _ = fast(model, ids, 0.5)
    np.testing.assert_allclose(sums, expected, rtol=1e-4, atol=1e-6)


def test_what_an_example_adds_stays_within_the_clip():
    model = of_layer(layers.Dense(3), (4,))
    x = images(4) * 100
    whole = fast(model, x, 0.7)[0]
    rest = fast(model, x[1:], 0.7)[0]
    added = np.sqrt(sum(((a - b) ** 2).sum() for a, b in zip(whole, rest, strict=True)))
    assert added == pytest.approx(0.7, rel=1e-4)


def test_layers_are_as_they_were_afterwards():
    model = of_layer(layers.Dense(3, "relu"), (4,))
    fast(model, images(4), 1.0)
    assert "call" not in vars(model.layers[0])
    assert model.layers[0].activation is keras.activations.relu


def test_dropout_within_a_layer_without_a_rule_is_refused():
    model = of_layer(layers.LSTM(3, dropout=0.5), (5, 4))
    with (
        pytest.warns(RuntimeWarning, match="has no rule"),
        pytest.raises(ValueError, match="layers of their own"),
    ):
        fast(model, images(5, 4), 1.0)


def test_every_rule_is_tested():
    tested = {type(make()) for make, _ in RULED.values()} | {layers.Embedding}
    assert set(layer_rules._RULES) - {layers.DepthwiseConv1D} == tested

"""What clipped sums of per-example gradients are tested against."""

import keras
import numpy as np
import tensorflow as tf

from tfrwc.compat import tensorflow_privacy
from tfrwc.privacy.sgd import clipping

RNG = np.random.default_rng(0)


def squared(outputs):
    """A loss of each example that depends on every output in another way."""
    flat = tf.reshape(tf.cast(outputs, tf.float32), (tf.shape(outputs)[0], -1))
    ramp = tf.range(1, flat.shape[1] + 1, dtype=tf.float32) / flat.shape[1]
    return tf.reduce_sum(tf.sin(flat) * ramp + 0.1 * flat**2, axis=1)


def one_by_one(model, x):
    """The oracle: a backward pass for each example.

    Returns:
        For each example, the gradients of all weights, in float64; and their norms.
    """
    variables, found = model.trainable_variables, []
    for i in range(len(x)):
        with tf.GradientTape() as tape:
            loss = squared(clipping.forward(model, x[i : i + 1]))[0]
        gradients = tape.gradient(
            loss,
            [v.value for v in variables],
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        found.append(
            [tf.convert_to_tensor(g).numpy().astype(np.float64) for g in gradients]
        )
    norms = [np.sqrt(sum((g**2).sum() for g in gradients)) for gradients in found]
    return found, np.array(norms)


def clipped(gradients, norms, clip):
    """The sum of gradients, each scaled down to a norm, for each weight."""
    scales = np.minimum(1, clip / norms)
    return [
        sum(s * g for s, g in zip(scales, of_examples, strict=True))
        for of_examples in zip(*gradients, strict=True)
    ]


def by_the_query(model, x, clip):
    """The same clip and sum by tensorflow-privacy's own query."""
    query = tensorflow_privacy.gaussian_query.GaussianSumQuery(clip, 0.0)
    variables = [v.value for v in model.trainable_variables]
    params = query.derive_sample_params(query.initial_global_state())
    state = query.initial_sample_state(variables)
    for i in range(len(x)):
        with tf.GradientTape() as tape:
            loss = squared(clipping.forward(model, x[i : i + 1]))[0]
        record = tape.gradient(loss, variables)
        state = query.accumulate_record(params, state, record)
    return [total.numpy() for total in state]


def fast(model, x, *arguments, **options):
    """What is tested: the sums of each trainable weight, and the norms, of a graph.

    The arguments are those of `traced`.
    """
    return traced(model, x, *arguments, **options)(x)


def traced(model, x, clip, losses=squared, views=1, jit_compile=False, groups=None):
    """`fast`, as a function of any batch of the shape of x."""
    prepared = clipping.prepare(model, tf.constant(x))

    def sums(x):
        return clipping.clipped_sums(
            prepared, losses, x, clip, views, jit_compile, groups
        )

    step = tf.function(sums, autograph=False, jit_compile=jit_compile)
    return lambda batch: of_weights(model, step(tf.constant(batch)))


def eager(model, x, clip, groups=None):
    """As `fast`, without a graph: for one batch that is less work than to trace it."""
    x = tf.constant(x)
    prepared = clipping.prepare(model, x)
    found = clipping.clipped_sums(prepared, squared, x, clip, 1, False, groups)
    return of_weights(model, found)


def of_weights(model, found):
    sums = [found.sums[id(v)].numpy() for v in model.trainable_variables]
    return sums, found.norms.numpy()


def check(model, x, rtol=2e-4):
    """Compare both with random weights, where half of the examples are clipped."""
    for variable in model.trainable_variables:
        variable.assign(RNG.normal(0.0, 0.5, variable.shape))
    gradients, norms = one_by_one(model, x)
    clip = float(np.median(norms))
    expected = clipped(gradients, norms, clip)
    sums, fast_norms = fast(model, x, clip)
    np.testing.assert_allclose(fast_norms, norms, rtol=rtol)
    # A gradient that is zero in theory, as that of a key's bias in attention, is left
    # with the rounding of the clipped gradients, whose norm is at most `clip`.
    rounding = len(norms) * clip * np.finfo(np.float32).eps
    for e, s in zip(expected, sums, strict=True):
        atol = rtol * np.abs(e).max() + rounding
        np.testing.assert_allclose(s, e, rtol=rtol, atol=atol)


def check_clipped(alone, of_clip):
    """Compare with gradients of each example or unit alone, half of which are clipped.

    Args:
        alone: for each, its gradients of all weights.
        of_clip: function of a clip to the sums and the norms that are tested.
    """
    expected_norms = [np.sqrt(sum((g**2).sum() for g in one)) for one in alone]
    clip = float(np.median(expected_norms))
    sums, norms = of_clip(clip)
    np.testing.assert_allclose(norms, expected_norms, rtol=1e-3)
    for total, expected in zip(
        sums, clipped(alone, np.array(expected_norms), clip), strict=True
    ):
        bound = 1e-3 * np.abs(expected).max() + 1e-6
        np.testing.assert_allclose(total, expected, rtol=1e-3, atol=bound)


def of_layer(layer, shape, dtype="float32"):
    """A model of one layer, for examples of a shape."""
    return keras.Sequential([keras.layers.Input(shape, dtype=dtype), layer])


def images(*shape):
    """Five random examples of a shape."""
    return RNG.normal(size=(5, *shape)).astype(np.float32)

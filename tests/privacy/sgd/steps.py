"""One step of `fit`, and what it must be."""

import keras
import numpy as np
import tensorflow as tf

from tfrwc.privacy import make_private
from tfrwc.privacy.sgd import clipping


def by_fit(model, x, y, loss, weights=None, **compilation):
    """The change of each trainable weight by one step of `fit` on all examples."""
    before = [v.numpy() for v in model.trainable_variables]
    compilation.setdefault("optimizer", keras.optimizers.SGD(1.0))
    # Of plain Keras, which would compile for seconds what takes one step.
    compilation.setdefault("jit_compile", False)
    model.compile(loss=loss, **compilation)
    count = len(keras.tree.flatten(x)[0])
    model.fit(x, y, count, sample_weight=weights, shuffle=False, verbose=0)
    after = [v.numpy() for v in model.trainable_variables]
    return [a - b for a, b in zip(after, before, strict=True)]


def private(model, examples, clip=np.inf):
    """Without noise."""
    return make_private(
        model,
        noise_multiplier=0.0,
        clip=clip,
        batch_size=examples,
        train_size=examples,
    )


def one_by_one(model, x, y, loss):
    """Gradients of each example's loss alone: for each example, one of each weight."""
    variables = [v.value for v in model.trainable_variables]

    @tf.function(autograph=False)
    def gradients(row_x, row_y):
        with tf.GradientTape() as tape:
            value = loss(row_y, clipping.forward(model, row_x))
        of_example = tape.gradient(
            value, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        return [tf.convert_to_tensor(g) for g in of_example]

    rows = [
        keras.tree.map_structure(lambda t, i=i: tf.constant(t[i : i + 1]), (x, y))
        for i in range(len(keras.tree.flatten(x)[0]))
    ]
    return [[g.numpy() for g in gradients(*row)] for row in rows]


def clipped_step(gradients, clip):
    """Minus the mean of gradients, each scaled down to a norm."""
    norms = norms_of(gradients)
    scales = 1 / np.maximum(norms / clip, 1.0)
    return [
        -np.mean([s * g for s, g in zip(scales, of_examples, strict=True)], axis=0)
        for of_examples in zip(*gradients, strict=True)
    ]


def norms_of(gradients):
    return np.array(
        [np.sqrt(sum((g.astype(float) ** 2).sum() for g in gs)) for gs in gradients]
    )


def assert_equal_steps(actual, expected, rtol=2e-4):
    """Within rounding, which the largest change of all sets."""
    largest = max(np.abs(e).max() for e in expected)
    assert largest > 0
    for a, e in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, e, rtol=rtol, atol=rtol * 1e-2 * largest)

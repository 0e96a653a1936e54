"""The first batch of training: looked at, and put back."""

import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from privacy.sgd.small import BATCH, X, Y, loss, private, small

from tfrwc.privacy.sgd.independence.first_batch import first_batch


@pytest.mark.parametrize("remainder", [False, True])
def test_it_is_put_back_with_its_specification(remainder):
    data = tf.data.Dataset.from_tensor_slices((X, Y)).batch(
        BATCH, drop_remainder=remainder
    )
    (x, y, weight), specs, begun = first_batch(iter(data))
    np.testing.assert_array_equal(x, X[:BATCH])
    np.testing.assert_array_equal(y, Y[:BATCH])
    assert weight is None
    assert specs[0] == data.element_spec[0]
    assert specs[2] is None
    assert begun.element_spec == data.element_spec
    rows = [batch[0].numpy() for batch in begun]
    assert len(rows) == 1
    np.testing.assert_array_equal(rows[0], X[:BATCH])


def test_of_python():
    batches = iter([(X[:3], Y[:3]), (X[3:], Y[3:])])
    (x, _, _), specs, begun = first_batch(batches)
    assert specs[0].shape == (None, *X.shape[1:])
    np.testing.assert_array_equal(x, X[:3])
    assert [len(batch[0]) for batch in begun] == [3, len(X) - 3]


def test_none():
    with pytest.raises(StopIteration):
        first_batch(iter([]))


@pytest.mark.parametrize("kind", ["arrays", "data set", "generator"])
def test_every_example_is_trained_on(kind):
    """Without noise or clipping, an epoch is the same as that of a rehearsed model."""
    moved = []
    for is_rehearsed in (False, True):
        keras.utils.set_random_seed(0)
        model = private(small(), noise_multiplier=0.0, clip=np.inf)
        model.compile("sgd", loss())
        if is_rehearsed:
            before = model.model.get_weights()
            model.train_on_batch(X[:BATCH], Y[:BATCH])
            model.model.set_weights(before)
        x, y = X, Y
        if kind == "data set":
            x, y = tf.data.Dataset.from_tensor_slices((X, Y)).batch(BATCH), None
        elif kind == "generator":
            batches = [
                (X[i : i + BATCH], Y[i : i + BATCH]) for i in range(0, 32, BATCH)
            ]
            x, y = (batch for batch in batches), None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The weights were changed")
            # As Keras says of any generator that ends.
            warnings.filterwarnings("ignore", "Your input ran out of data")
            model.fit(x, y, shuffle=False, verbose=0)
        assert model.steps == 4 + is_rehearsed
        moved.append(model.model.get_weights())
    for one, other in zip(*moved, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)

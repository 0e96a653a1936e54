"""Poisson samples."""

import numpy as np
import pytest
import scipy.sparse
import tensorflow as tf
from privacy.sgd.models import BATCH, N

from tfrwc.privacy import poisson_batches


def test_poisson_batches(data):
    batches = poisson_batches(*data, batch_size=BATCH, insecure_seed=0)
    assert len(batches) == 4
    sizes = [len(batches[i][0]) for i in range(400)]
    # Mean of 400 binomial sizes: 5 deviations, a false alarm in 6e-7 of seeds.
    rate = BATCH / N
    assert abs(np.mean(sizes) - BATCH) < 5 * np.sqrt(N * rate * (1 - rate) / 400)
    assert np.var(sizes) == pytest.approx(N * rate * (1 - rate), rel=0.4)
    x, y, weight = batches[0]
    assert (weight == 1).all()
    rows = [int(np.flatnonzero((data[0] == row).all((1, 2, 3)))[0]) for row in x]
    np.testing.assert_array_equal(data[1][rows], y)
    assert len(set(rows)) == len(rows)


def test_poisson_batches_of_a_tf_data_set(data):
    examples = tf.data.Dataset.from_tensor_slices(data)
    batches = poisson_batches(examples, batch_size=BATCH)
    assert batches.train_size == N
    x, _, _ = batches[0]
    assert x.shape[1:] == (6, 6, 1)
    with pytest.raises(ValueError, match="infinite"):
        poisson_batches(examples.repeat(), batch_size=BATCH)


@pytest.mark.parametrize("form", ["classes", "column", "probabilities"])
def test_class_weights_multiply_those_of_the_examples(form, data):
    x, classes = data
    y = {
        "classes": classes,
        "column": classes[:, None].astype(np.float32),
        "probabilities": np.eye(3)[classes],
    }[form]
    of_examples = np.random.default_rng(1).integers(1, 4, N)
    batches = poisson_batches(x, y, of_examples, batch_size=BATCH)
    weighted = batches.with_class_weights({0: 2.5, 2: 0.0})
    expected = of_examples * np.array([2.5, 1.0, 0.0])[classes]
    np.testing.assert_allclose(weighted.arrays[2], expected)
    np.testing.assert_array_equal(weighted.arrays[1], y)
    np.testing.assert_array_equal(batches.arrays[2], of_examples)
    assert (weighted.train_size, len(weighted)) == (N, len(batches))


def test_class_weights_of_several_targets_are_refused(data):
    batches = poisson_batches(data[0], {"a": data[1]}, batch_size=BATCH)
    with pytest.raises(ValueError, match="class_weight is for one y"):
        batches.with_class_weights({0: 2.0})


def test_what_is_no_array_is_refused(data):
    x = scipy.sparse.csr_matrix(data[0].reshape(N, -1))
    with pytest.raises(ValueError, match=r"x and y must be arrays.* toarray"):
        poisson_batches(x, data[1], batch_size=BATCH)

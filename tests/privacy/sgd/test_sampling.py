"""Poisson samples."""

import numpy as np
import pytest
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

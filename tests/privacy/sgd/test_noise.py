"""Noise of private training: as much as stated, and never the same."""

import keras
import numpy as np
from keras import layers
from privacy.sgd.models import BATCH, N, copies, loss, private
from scipy import stats


def test_noise_has_the_stated_deviation(data):
    # Targets that the model meets exactly: gradients are 0, and a step is noise alone.
    # 10 seeds, each a chi-squared test at 1e-4: false alarms in 1e-3 of runs.
    model = keras.Sequential([layers.Input((4,)), layers.Dense(500, use_bias=False)])
    x, y = np.zeros((N, 4), np.float32), np.zeros((N, 500), np.float32)
    steps = []
    for seed in range(10):
        noisy = private(model, noise_multiplier=1.7, clip=0.3, insecure_seed=seed)
        noisy.compile(keras.optimizers.SGD(1.0), "mse")
        before = model.get_weights()[0]
        noisy.train_on_batch(x[:BATCH], y[:BATCH])
        step = (model.get_weights()[0] - before).ravel() / (1.7 * 0.3 / BATCH)
        low, high = stats.chi2.ppf([0.5e-4, 1 - 0.5e-4], step.size)
        assert low < (step**2).sum() < high
        steps.append(step)
    correlations = np.corrcoef(steps) - np.eye(10)
    assert np.abs(correlations).max() < 6 / np.sqrt(steps[0].size)


def test_noise_does_not_follow_global_seeds_and_is_never_drawn_twice():
    model = keras.Sequential([layers.Input((2,)), layers.Dense(50, use_bias=False)])
    x, y = np.zeros((BATCH, 2), np.float32), np.zeros((BATCH, 50), np.float32)
    seen = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        noisy = private(model)
        noisy.compile(keras.optimizers.SGD(1.0), "mse")
        start = noisy.get_weights()
        for _ in range(2):
            noisy.set_weights(start)  # with the count of steps
            before = model.get_weights()[0]
            noisy.train_on_batch(x, y)
            seen.append((model.get_weights()[0] - before).ravel())
    assert np.abs(np.corrcoef(seen) - np.eye(4)).max() < 0.6


def test_a_ragged_batch_is_divided_by_the_nominal_size(data):
    moved = []
    for rows in (4, 1):
        _, other = copies("dense")
        model = private(other, noise_multiplier=1e-9, clip=1e-3)
        model.compile(keras.optimizers.SGD(1.0), loss())
        before = other.get_weights()
        x, y = (np.repeat(part[:1], rows, axis=0) for part in data)
        model.train_on_batch(x, y)
        moved.append(other.get_weights()[0] - before[0])
    np.testing.assert_allclose(moved[0], 4 * moved[1], rtol=1e-2, atol=1e-7)

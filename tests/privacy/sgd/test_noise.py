"""Noise of private training: as much as stated, and never the same."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from privacy.sgd.models import BATCH, N, copies, loss, private
from scipy import stats

from tfrwc.privacy.sgd.noise import NoiseKey

pytestmark = pytest.mark.usefixtures("unasked")


@pytest.mark.parametrize("generator", ["fast", "secure"])
def test_noise_has_the_stated_deviation(generator):
    # Targets that the model meets exactly: gradients are 0, and a step is noise alone.
    # 10 seeds, each a chi-squared test at 1e-4: false alarms in 1e-3 of runs.
    model = keras.Sequential([layers.Input((4,)), layers.Dense(500, use_bias=False)])
    x, y = np.zeros((N, 4), np.float32), np.zeros((N, 500), np.float32)
    steps = []
    for seed in range(10):
        noisy = private(
            model, noise_multiplier=1.7, clip=0.3, insecure_seed=seed, noise=generator
        )
        noisy.compile(keras.optimizers.SGD(1.0), "mse")
        before = model.get_weights()[0]
        noisy.train_on_batch(x[:BATCH], y[:BATCH])
        step = (model.get_weights()[0] - before).ravel() / (1.7 * 0.3 / BATCH)
        low, high = stats.chi2.ppf([0.5e-4, 1 - 0.5e-4], step.size)
        assert low < (step**2).sum() < high
        steps.append(step)
    correlations = np.corrcoef(steps) - np.eye(10)
    assert np.abs(correlations).max() < 6 / np.sqrt(steps[0].size)


@pytest.mark.parametrize("generator", ["fast", "secure"])
def test_noise_does_not_follow_global_seeds_and_is_never_drawn_twice(generator):
    model = keras.Sequential([layers.Input((2,)), layers.Dense(50, use_bias=False)])
    x, y = np.zeros((BATCH, 2), np.float32), np.zeros((BATCH, 50), np.float32)
    seen = []
    for _ in range(2):
        keras.utils.set_random_seed(0)
        noisy = private(model, noise=generator)
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


def test_the_secure_noise_of_odd_and_large_weights():
    """Chi-squared and normality at 1e-4 each: false alarms in 2e-4 of runs."""
    shapes = [tf.TensorShape(s) for s in ((3,), (1, 5), (), (700, 400), (1,))]
    key = NoiseKey(7, "secure")
    draw = tf.function(lambda: key.standard_normal(shapes))
    first, second = draw(), draw()
    assert [part.shape for part in first] == shapes
    numbers = np.concatenate([np.ravel(part) for part in (*first, *second)])
    low, high = stats.chi2.ppf([0.5e-4, 1 - 0.5e-4], numbers.size)
    assert low < (numbers.astype(np.float64) ** 2).sum() < high
    assert stats.kstest(numbers, "norm").pvalue > 1e-4
    assert len(np.unique(numbers)) > 0.98 * numbers.size  # as float32
    again = NoiseKey(7, "secure").standard_normal(shapes)
    np.testing.assert_array_equal(again[3], first[3])
    assert not np.array_equal(
        NoiseKey(None, "secure").standard_normal(shapes)[3], again[3]
    )


def test_the_statement_names_the_generator():
    model = private(copies("dense")[1], noise="secure")
    assert model.statement().generator.startswith("AES-256-CTR")
    assert private(copies("dense")[1]).statement().generator.startswith("TensorFlow's")
    seeded = private(copies("dense")[1], insecure_seed=1).statement().generator
    assert "whoever knows it can subtract the noise" in seeded
    with pytest.raises(ValueError, match="XLA cannot draw"):
        model.compile("sgd", loss(), jit_compile=True)
    with pytest.raises(ValueError, match="noise must be one of"):
        private(copies("dense")[1], noise="quick")
    loaded = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(model)
    )
    assert loaded.settings.noise == "secure"

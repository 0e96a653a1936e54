"""A small model that is trained, or refused, in tests."""

import keras
import numpy as np
import pytest
from keras import layers

from tfrwc.privacy import make_private

N, BATCH = 32, 8
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(N, 4, 4, 1)).astype(np.float32), RNG.integers(0, 2, N)


def small(*extra):
    first = [layers.Input((4, 4, 1)), layers.Conv2D(4, 3)]
    return keras.Sequential([*first, *extra, layers.Flatten(), layers.Dense(2)])


def private(model=None, **options):
    given = {"noise_multiplier": 1.0, "batch_size": BATCH, "train_size": N}
    return make_private(model or small(), **(given | options))


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def train(model=None, fit=False, **settings):
    model = private(model)
    model.compile(**({"optimizer": "sgd", "loss": loss()} | settings))
    if fit:
        model.fit(X, Y, verbose=0)


def refused(match, model=None, fit=False, **settings):
    with pytest.raises(ValueError, match=match):
        train(model, fit, **settings)

"""Patients with images, and a model that is trained on them privately, in tests."""

import keras
import numpy as np
from keras import layers

from tfrwc.privacy import make_private

SIZES = np.array([1, 3, 2, 5, 1, 2, 4, 2])
RNG = np.random.default_rng(0)
IDS = RNG.permutation(np.repeat([f"person{i}" for i in range(len(SIZES))], SIZES))
# The same names, for other patients.
SWAPPED = np.where(IDS == "person1", "person3", IDS)
SWAPPED[IDS == "person3"] = "person1"
X = RNG.normal(size=(len(IDS), 4, 4, 1)).astype(np.float32)
Y = RNG.integers(0, 3, len(IDS))
UNITS = len(SIZES)


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            *(layers.Input((4, 4, 1)), layers.Conv2D(4, 3, activation="relu")),
            *(layers.Flatten(), layers.Dense(3)),
        ]
    )


def private(model=None, **options):
    given = {"noise_multiplier": 1.0, "batch_size": 4, "unit": "patient", "units": IDS}
    made = make_private(model or network(), **(given | options))
    made.compile(keras.optimizers.SGD(1.0), loss())
    return made


def without_noise(**options):
    return private(
        **({"noise_multiplier": 0.0, "clip": np.inf, "batch_size": UNITS} | options)
    )


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def weights(model):
    return np.concatenate([w.ravel() for w in model.get_weights()])

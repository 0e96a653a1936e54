"""Models that are trained privately in tests."""

import keras
import numpy as np
from keras import layers

from tfrwc.privacy import make_private

N, BATCH = 64, 16


def dense():
    hidden = [layers.Flatten(), layers.Dense(8, "tanh")]
    return keras.Sequential([layers.Input((6, 6, 1)), *hidden, layers.Dense(3)])


def convolutional():
    inputs = x = layers.Input((6, 6, 1))
    for filters, strides in ((4, 1), (8, 2)):
        x = layers.Conv2D(filters, 3, strides, "same", kernel_regularizer="l2")(x)
        x = layers.ReLU()(layers.GroupNormalization(2)(x))
    skip = layers.Conv2D(8, 1, 2, "same")(inputs)
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, skip]))
    return keras.Model(inputs, layers.Dense(3)(x))


@keras.saving.register_keras_serializable("tests")
class Attentive(keras.Model):
    """A subclassed model that is built by its first call."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.embed = layers.Dense(8)
        self.attention = layers.MultiHeadAttention(2, 4)
        self.norm = layers.LayerNormalization()
        self.out = layers.Dense(3)

    def call(self, x):
        x = self.embed(x[..., 0])
        x = self.norm(x + self.attention(x, x))
        return self.out(keras.ops.mean(x, axis=1))


MODELS = {"dense": dense, "convolutional": convolutional, "subclassed": Attentive}


def loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def private(model, **options):
    given = {"noise_multiplier": 1.0, "batch_size": BATCH, "train_size": N}
    return make_private(model, **(given | options))


def without_noise(model, **options):
    return private(model, noise_multiplier=0.0, clip=np.inf, **options)


def copies(name):
    """Two models with the same weights."""
    keras.utils.set_random_seed(1)
    models = [MODELS[name]() for _ in range(2)]
    for model in models:
        model(np.zeros((1, 6, 6, 1), np.float32))
    models[1].set_weights(models[0].get_weights())
    return models


def largest_difference(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)

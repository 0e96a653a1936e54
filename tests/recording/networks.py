"""Small networks and trainings for tests of recording."""

from itertools import pairwise

import keras
import numpy as np
from keras import layers

from tfrwc.dynamics import relative_change


class Weights(keras.callbacks.Callback):
    """Keeps what a model's weights are at the start and after each epoch."""

    def __init__(self, select=lambda model: model.weights):
        super().__init__()
        self.select = select
        self.history = []

    def keep(self):
        chosen = self.select(self.model)
        self.history.append([keras.ops.convert_to_numpy(w).copy() for w in chosen])

    def on_train_begin(self, logs=None):
        if self.model.built and not self.history:
            self.keep()

    def on_epoch_end(self, epoch, logs=None):
        self.keep()

    def expected(self, measure):
        return np.array(
            [
                [relative_change(a, b, measure) for a, b in zip(*pair, strict=True)]
                for pair in pairwise(self.history)
            ]
        )


def data(n=64, features=4):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, features)).astype("float32")
    return x, x @ rng.normal(size=(features, 2)).astype("float32")


def small(build=True, **compile_options):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [layers.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(2)]
        if build
        else [layers.Dense(8, "tanh"), layers.Dense(2)]
    )
    return compiled(model, **compile_options)


def compiled(model, **options):
    options = {"jit_compile": False, "metrics": ["mae"]} | options
    model.compile(keras.optimizers.SGD(0.05), "mse", **options)
    return model


def fit(model, *callbacks, epochs=3, n=64, **options):
    x, y = data(n)
    options = {"batch_size": 16, "verbose": 0} | options
    return model.fit(x, y, epochs=epochs, callbacks=list(callbacks), **options)


class Branching(keras.Model):
    """A network within a network, and a layer that is called twice."""

    def __init__(self):
        super().__init__()
        self.first = layers.Dense(8)
        self.inner = keras.Sequential([layers.Dense(8), layers.Dense(8)])
        self.shared = layers.Dense(8)
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(self.shared(self.shared(self.inner(self.first(x)))))

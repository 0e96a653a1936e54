"""What the cases share: the registry, a network, and NumPy's account of it."""

import os
from contextlib import contextmanager
from itertools import pairwise

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

from tfrwc.dynamics import relative_change
from tfrwc.recording import Flag, backends, watch

BACKENDS = ("tensorflow", "jax", "torch")
CASES = {}


def case(*backends):
    """Register a case, for these backends or for all."""

    def register(function):
        CASES[function.__name__] = (function, backends or BACKENDS)
        return function

    return register


class Oracle(keras.callbacks.Callback):
    """Keeps copies of the watched weights, and compares a recording with them."""

    def __init__(self, every="epoch", watch="kernels"):
        super().__init__()
        self.watch, self.history = watch, []
        if every == "step":
            self.on_train_batch_end = lambda batch, logs=None: self.keep()
        else:
            self.on_epoch_end = lambda epoch, logs=None: self.keep()

    def on_epoch_begin(self, epoch, logs=None):
        if not self.history:
            self.keep()

    def keep(self):
        tensors = watch.watched(self.model, self.watch)
        self.history.append(
            [
                np.array(keras.ops.convert_to_numpy(tensor.variable), np.float64)
                for tensor in tensors
            ]
        )

    def check(self, recording, kept=None, reference="previous", layers=slice(None)):
        """The recording's values are those between the weights numbered `kept`."""
        kept = kept or range(len(self.history))
        weights = [self.history[i] for i in kept]
        if reference == "previous":
            pairs = list(pairwise(weights))
        else:
            pairs = [(weights[0], now) for now in weights[1:]]
        for measure in recording.measures:
            expected = np.array(
                [
                    [relative_change(a, b, measure) for a, b in zip(*p, strict=True)]
                    for p in pairs
                ]
            )
            # The angle between nearly parallel vectors of float32 is rounding.
            np.testing.assert_allclose(
                recording.values(measure)[:, layers],
                expected[:, layers],
                rtol=1e-5,
                atol=1e-10 if measure == "cosine" else 0,
                err_msg=measure,
            )
            known = np.isfinite(expected)
            flags = recording.flags(measure)[:, layers]
            np.testing.assert_array_equal(flags == Flag.OK, known)


def data(n=64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)).astype("float32")
    return x, x @ rng.normal(size=(4, 2)).astype("float32")


def network(build=True, **options):
    keras.utils.set_random_seed(0)
    stack = [layers.Dense(8, "tanh"), layers.BatchNormalization(), layers.Dense(2)]
    return compiled(
        keras.Sequential([layers.Input((4,)), *stack] if build else stack), **options
    )


def compiled(model, **options):
    options = {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse"} | options
    options.setdefault("jit_compile", False if backends.BACKEND != "jax" else "auto")
    model.compile(**options)
    return model


def fit(model, *callbacks, epochs=3, n=64, **options):
    x, y = data(n)
    options = {"batch_size": 16, "verbose": 0, "shuffle": False} | options
    return model.fit(x, y, epochs=epochs, callbacks=list(callbacks), **options)


class Killed(BaseException):
    """Ends a training as a signal would: nothing expects it."""


class KillAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            raise Killed


@contextmanager
def policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)

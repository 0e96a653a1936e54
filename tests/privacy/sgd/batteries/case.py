"""A model of a battery, and examples for it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

N = 16


class Case(NamedTuple):
    """A model, and inputs to train it on.

    Attributes:
        make: function without arguments to a new model with two logits, not compiled.
        inputs: function of a NumPy generator and a number of examples to x.
    """

    make: Callable[[], keras.Model]
    inputs: Callable[[np.random.Generator, int], Any]

    def data(self, count=N, seed=0):
        rng = np.random.default_rng(seed)
        return self.inputs(rng, count), rng.integers(0, 2, count)


def real(*shape):
    """Inputs of real numbers."""
    return lambda rng, count: rng.normal(size=(count, *shape)).astype(np.float32)


def ids(*shape, below=7):
    """Inputs of whole numbers."""
    return lambda rng, count: rng.integers(0, below, (count, *shape)).astype(np.int32)


def logits():
    """Layers from features of any shape to two logits."""
    return [layers.Flatten(), layers.Dense(2)]


def sequential(*hidden, shape=(6,), dtype="float32"):
    return keras.Sequential([layers.Input(shape, dtype=dtype), *hidden, *logits()])


def of_layers(make, *shape, numbers=None):
    """A case of some layers between the inputs and a Dense.

    Args:
        make: function without arguments to a list of layers.
        shape: of an example.
        numbers: inputs are whole numbers below this; None for real ones.
    """
    dtype = "float32" if numbers is None else "int32"
    inputs = real(*shape) if numbers is None else ids(*shape, below=numbers)
    return Case(lambda: sequential(*make(), shape=shape, dtype=dtype), inputs)

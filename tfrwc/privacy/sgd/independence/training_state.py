"""What a training step of a model keeps: looked at, and put back."""

import gc
import weakref
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from tfrwc.compat.extras import extra

with extra("privacy"):
    import tensorflow as tf

_MANY = 100  # steps, that also an int8 can count
_FAR = 1e4  # steps or epochs, after which nothing is expected to begin any more
# Generators of seeds that some object of the process has.
_GENERATORS: weakref.WeakSet[keras.random.SeedGenerator] = weakref.WeakSet()


class TrainingState:
    """The values of variables, to go back to.

    Args:
        variables: of TensorFlow, also several times; `variables_of` has those of
            a layer.

    Attributes:
        variables: as given, each once.
    """

    def __init__(self, variables: Sequence[tf.Variable]) -> None:
        self.variables = list({id(v): v for v in variables}.values())
        self.keep()

    def keep(self) -> None:
        """Have `restore` go back to the values of now."""
        self._values = [v.read_value() for v in self.variables]

    def restore(self) -> None:
        """Give each variable the value that it was kept with."""
        for variable, value in self._changed():
            variable.assign(value)

    def changed(self) -> list[tf.Variable]:
        """Variables that have another value than the one that was kept."""
        return [variable for variable, _ in self._changed()]

    def _changed(self) -> list[tuple[tf.Variable, tf.Tensor]]:
        return [
            (variable, value)
            for variable, value in zip(self.variables, self._values, strict=True)
            if not is_same(variable.read_value(), value)
        ]


def variables_of(layer: keras.Layer) -> list[tf.Variable]:
    """All variables of a layer and those in it, also such as Keras does not know.

    These are attributes of a layer, or in lists and dictionaries that are.
    """
    raw = [v for inner in layer._flatten_layers() for v in _raw(vars(inner))]
    return [v.value for v in layer.variables] + raw


def is_seed(variable: tf.Variable, layer: keras.Layer) -> bool:
    """Whether this is the state of a `keras.random.SeedGenerator`, of a layer or not.

    Keras has one that is no layer's, and others may be kept anywhere: all objects of
    the process are looked through where none of those that are known has it.
    """
    own = [g for inner in layer._flatten_layers() for g in inner._seed_generators]
    if any(g.state.value is variable for g in (*own, *_GENERATORS)):
        return True
    if variable.shape != (2,):  # as all of them have
        return False
    _GENERATORS.update(
        thing
        for thing in gc.get_objects()
        if issubclass(type(thing), keras.random.SeedGenerator)
    )
    return any(g.state.value is variable for g in _GENERATORS)


def name_of(variable: tf.Variable, layer: keras.Layer) -> str:
    """A variable's path in Keras, or its name and the layer that has it."""
    for known in layer.variables:
        if known.value is variable:
            return repr(known.path)
    for inner in layer._flatten_layers():
        if any(value is variable for value in _raw(vars(inner))):
            return f"{variable.name!r}, a tf.Variable of layer {inner.name!r},"
    return f"{variable.name!r}, a tf.Variable,"


def is_switch(variable: tf.Variable) -> bool:
    """Whether a variable may say how a layer computes: a number, or several whole ones
    or truths."""
    if variable.dtype.is_floating:
        return variable.shape.num_elements() == 1
    return variable.dtype.is_integer or variable.dtype.is_bool


def _up(value: tf.Tensor) -> tf.Tensor:
    if value.dtype.is_bool:
        return tf.ones_like(value)
    return tf.ones_like(value) if value.dtype.is_floating else value + _MANY


def _far(value: tf.Tensor) -> tf.Tensor:
    # Tables stay as they are, as what is looked up by them would be nowhere.
    if value.dtype.is_bool or value.shape.num_elements() != 1:
        return value
    # Half of what the type can say, for those that cannot say so much.
    return tf.ones_like(value) * tf.cast(min(_FAR, value.dtype.max / 2), value.dtype)


# Functions of the values of switches, to what they may be later.
TURNS = _up, _far, tf.zeros_like


def _raw(value: Any, depth: int = 4) -> list[tf.Variable]:
    """Variables of TensorFlow among attributes, also in lists and dictionaries."""
    if isinstance(value, tf.Variable):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple, set)) and depth:
        return [variable for item in value for variable in _raw(item, depth - 1)]
    return []


def is_same(one: tf.Tensor, other: tf.Tensor) -> bool:
    """Whether two values are equal; no number is equal to itself."""
    if one.dtype.is_floating:
        return bool(tf.reduce_all((one == other) | ((one != one) & (other != other))))
    return np.array_equal(one.numpy(), other.numpy())

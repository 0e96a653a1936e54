"""The state of a training step: looked at, and put back."""

import keras
import numpy as np
import tensorflow as tf

from tfrwc.privacy.sgd.independence.training_state import (
    TrainingState,
    is_seed,
    name_of,
    variables_of,
)


def model():
    dropout = keras.layers.Dropout(0.5, name="net_seed1")
    dropout.kept = {"of": [tf.Variable(1.0)]}
    dense = keras.layers.Dense(2)
    return keras.Sequential([keras.layers.Input((3,)), dropout, dense])


def test_all_variables_are_seen_and_put_back():
    whole = model()
    raw = whole.layers[0].kept["of"][0]
    state = TrainingState(variables_of(whole))
    assert state.changed() == []
    raw.assign(np.nan)
    whole(np.ones((2, 3)), training=True)
    assert len(state.changed()) == 2
    state.keep()
    assert state.changed() == []  # NaN is the same as NaN
    raw.assign(2.0)
    state.restore()
    assert np.isnan(raw.numpy())


def test_seeds_are_those_of_generators_and_not_of_names():
    whole = model()
    generator = keras.random.SeedGenerator(0)  # of no layer
    seeds = [v for v in variables_of(whole) if is_seed(v, whole)]
    assert [name_of(v, whole) for v in seeds] == [
        repr(whole.layers[0].variables[0].path)
    ]
    assert is_seed(generator.state.value, whole)
    later = keras.random.SeedGenerator(0)
    assert is_seed(later.state.value, whole)
    assert not is_seed(tf.Variable([0, 1]), whole)
    keras.random.uniform((1,))  # has Keras make its own
    raw = whole.layers[0].kept["of"][0]
    assert not is_seed(raw, whole)
    assert "tf.Variable of layer 'net_seed1'" in name_of(raw, whole)
    assert name_of(tf.Variable(0.0), whole).endswith("a tf.Variable,")

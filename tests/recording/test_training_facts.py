"""What a recording keeps of optimizer, loss and activations."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from recording.networks import Branching, compiled, data, fit

from tfrwc import RWCCallback, load_recording
from tfrwc.dynamics import diagnose
from tfrwc.recording.initial_spread import initial_spread
from tfrwc.recording.training_facts import training_facts
from tfrwc.recording.watch import watched


def facts(model, **compile_options):
    if compile_options:
        model.compile(**compile_options)
    return training_facts(model, watched(model, "kernels"), 4)


def test_a_chain_of_layers_has_the_activation_behind_each_kernel():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.Conv2D(4, 3),
            layers.BatchNormalization(),
            layers.Dropout(0.1),
            layers.ReLU(),
            layers.Flatten(),
            layers.Dense(5),
            layers.Dense(3),
            layers.Activation("tanh"),
            layers.Dense(2),
            layers.Softmax(),
        ]
    )
    fans = [(9, 36), (36, 36), (64, 5), (5, 3), (3, 2)]  # of glorot_uniform
    told = facts(
        model,
        optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.AdamW()),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    )
    assert told == {
        "optimizer": "AdamW",
        "loss": "categorical_crossentropy",
        "from_logits": False,
        "regularised": False,
        "scaled": False,
        "dropout": 0.1,
        "lag": 458,  # of averages with 0.99
        "steps_per_epoch": 4,
        "activations": ["relu", "relu", "linear", "tanh", "softmax"],
        "initial_spread": pytest.approx(
            [(2 * fan_in / (fan_in + fan_out)) ** 0.5 for fan_in, fan_out in fans]
        ),
        "output": {"units": 2, "activation": "softmax"},
    }


@pytest.mark.parametrize(
    ("loss", "name", "logits"),
    [
        ("mse", "mean_squared_error", False),
        (
            keras.losses.BinaryCrossentropy(from_logits=True),
            "binary_crossentropy",
            True,
        ),
        (keras.losses.huber, "huber", False),
        (["mae"], "mean_absolute_error", False),
        ({"out": "mae"}, "mean_absolute_error", False),
        (lambda y, p: keras.ops.mean(p), "<lambda>", False),
        ("no such loss", None, False),
        (None, None, False),
    ],
)
def test_losses_by_their_names(loss, name, logits):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="out")])
    model.loss = loss
    told = facts(model)
    assert (told["loss"], told["from_logits"]) == (name, logits)


def test_of_branches_only_the_last_layer_is_known():
    x = keras.Input((4,))
    left, right = layers.Dense(4, "relu")(x), layers.Dense(4)(x)
    model = keras.Model(x, layers.Dense(3, "sigmoid")(layers.add([left, right])))
    told = facts(model)
    assert told["activations"] == [None] * 3
    assert told["output"] == {"units": 3, "activation": "sigmoid"}


def test_a_subclassed_model_tells_what_it_can():
    model = compiled(Branching())
    model(data()[0])
    told = facts(model)
    assert told["optimizer"] == "SGD"
    assert told["output"] is None
    assert set(told["activations"]) == {None}


def test_a_model_that_raises_is_recorded_all_the_same():
    class Shy(keras.Sequential):
        @property
        def outputs(self):
            raise ZeroDivisionError("of its own")

    model = compiled(Shy([keras.Input((4,)), layers.Dense(2)]))
    callback = RWCCallback()
    fit(model, callback, epochs=1)
    told = callback.recording.settings["training"]
    assert told == {"unknown": "ZeroDivisionError: of its own"}
    untold = diagnose(callback.recording).untold
    assert any("did not tell" in one and "of its own" in one for one in untold)
    assert len(callback.recording) == 1


def test_facts_are_in_the_file(tmp_path):
    model = compiled(
        keras.Sequential([keras.Input((4,)), layers.Dense(2, kernel_regularizer="l2")])
    )
    fit(model, RWCCallback(tmp_path / "run.parquet"), epochs=1)
    told = load_recording(tmp_path / "run.parquet").settings["training"]
    assert told == json.loads(json.dumps(told))
    assert (told["regularised"], told["steps_per_epoch"]) == (True, 4)


SPREADS = {
    "zeros": 0,
    "ones": 0,
    "he_normal": 2**0.5,
    "lecun_uniform": 1,
    "random_uniform": 0.1 / 12**0.5 * 5,  # from -0.05 to 0.05
    "random_normal": 0.05 * 5,
    "orthogonal": None,
}


@pytest.mark.parametrize("name", SPREADS)
def test_the_spread_of_an_initialiser(name):
    layer = layers.Dense(7, kernel_initializer=name)
    layer.build((None, 25))
    spread, expected = initial_spread(layer), SPREADS[name]
    assert spread == (expected and pytest.approx(expected))
    if expected is not None and expected > 0:  # and of what it really makes
        wide = layers.Dense(4000, kernel_initializer=name)
        wide.build((None, 25))
        made = keras.ops.convert_to_numpy(wide.kernel).std() * 5
        assert made == pytest.approx(expected, rel=0.05)


def test_the_spread_of_other_layers_is_not_known():
    for layer in (layers.Embedding(3, 4), layers.GRU(2), layers.DepthwiseConv2D(2)):
        assert initial_spread(layer) is None
    assert initial_spread(layers.Dense(3)) is None, "not built"


@pytest.mark.parametrize("steps", [np.int64(4), tf.constant(4)])
def test_numbers_of_other_libraries_stop_no_training(steps, tmp_path):
    class Scaled:
        __name__ = np.float32(2)

        def __call__(self, x):
            return x

    model = compiled(keras.Sequential([keras.Input((4,)), layers.Dense(2, Scaled())]))
    path = tmp_path / "run.parquet"
    endless = tf.data.Dataset.from_tensors(data(16)).repeat()
    model.fit(
        endless,
        steps_per_epoch=steps,
        verbose=0,
        shuffle=False,
        callbacks=[RWCCallback(path)],
    )
    recording = load_recording(path)
    assert recording.steps.tolist() == [4]
    assert recording.settings["training"]["steps_per_epoch"] == 4

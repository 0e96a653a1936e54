"""What a recording keeps of optimizer, loss and activations."""

import json

import keras
import pytest
from keras import layers
from recording.networks import Branching, compiled, data, fit

from tfrwc import RWCCallback, load_recording
from tfrwc.dynamics import diagnose
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
        "steps_per_epoch": 4,
        "activations": ["relu", "relu", "linear", "tanh", "softmax"],
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

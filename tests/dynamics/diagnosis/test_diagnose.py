"""Faults planted in a network that learns digits, and its sound twins."""

import functools

import keras
import numpy as np
import pytest
from dynamics.diagnosis.recordings import recording
from keras.initializers import Constant
from sklearn.datasets import load_digits

from tfrwc import RWCCallback, load_recording
from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.look import Look
from tfrwc.dynamics.diagnosis.names import NAMES

X, Y = load_digits(return_X_y=True)
X, Y = (X / 16).astype("float32"), Y[:, None].astype("float32")
ONE_HOT = np.eye(10, dtype="float32")[Y[:, 0].astype(int)]
CLASSES = "sparse_categorical_crossentropy"


def network(hidden="relu", depth=2, units=32, last="softmax", out=10, start=None):
    keras.utils.set_random_seed(0)
    options = {} if start is None else {"kernel_initializer": start}
    layers = [keras.layers.Dense(units, hidden, **options) for _ in range(depth)]
    return keras.Sequential(
        [keras.Input((64,)), *layers, keras.layers.Dense(out, last)]
    )


def trained(model, x=X, y=Y, loss=CLASSES, optimizer="adam", every=5, epochs=5):
    metrics = [] if loss == "mse" else ["accuracy"]
    model.compile(optimizer, loss, metrics=metrics, jit_compile=False)
    callback = RWCCallback(every=every, measures=("l1_ratio", "still_units"))
    model.fit(x, y, epochs=epochs, batch_size=64, verbose=0, callbacks=[callback])
    return callback.recording, model, (x[:256], y[:256])


@functools.cache
def weights_of(depth):
    """Those of a network that has learned."""
    return trained(network(depth=depth), epochs=20)[1].get_weights()


def again(depth=2):
    """A network that was trained before."""
    model = network(depth=depth)
    model.set_weights(weights_of(depth))
    return model


def frozen(model):
    """All but the last layer frozen, and that one new."""
    for layer in model.layers[:-1]:
        layer.trainable = False
    head = model.layers[-1]
    head.kernel.assign(keras.initializers.GlorotUniform(2)(head.kernel.shape))
    return model


def last_of_zeros(model):
    last = keras.layers.Dense(10, "softmax", kernel_initializer="zeros")
    return keras.Sequential([keras.Input((64,)), *model.layers[:-1], last])


def dropping(rate):
    model = network()
    layers = [
        x for layer in model.layers[:-1] for x in (layer, keras.layers.Dropout(rate))
    ]
    return keras.Sequential([keras.Input((64,)), *layers, model.layers[-1]])


def penalised(factor):
    model = network()
    for layer in model.layers[:-1]:
        layer.kernel_regularizer = keras.regularizers.L2(factor)
        layer.kernel.regularizer = layer.kernel_regularizer
    return model


SMALL = keras.initializers.RandomUniform(-0.05, 0.05, seed=1)
EVEN = Y % 2
FAULTS = {
    "lr_too_low": lambda: trained(network(), optimizer=keras.optimizers.SGD(1e-6)),
    "lr_too_high": lambda: trained(network(), optimizer=keras.optimizers.Adam(5.0)),
    "vanishing": lambda: trained(network("sigmoid", depth=10)),
    "dying_relu": lambda: trained(network(depth=10, units=6, start=SMALL)),
    "missing_last_activation": lambda: trained(network(last=None)),
    "wrong_last_activation": lambda: trained(
        network(last="softmax", out=1), y=EVEN, loss="binary_crossentropy"
    ),
    "unscaled_input": lambda: trained(
        network(last="sigmoid", out=1, hidden="relu"),
        x=X * 4000,
        y=EVEN,
        loss="binary_crossentropy",
        optimizer=keras.optimizers.SGD(1e-6),
    ),
    "dropout_too_high": lambda: trained(dropping(0.97)),
    "wrong_initializer": lambda: trained(network("tanh", start="zeros")),
    "penalty_too_high": lambda: trained(penalised(1.0)),
    "unscaled_target": lambda: trained(
        network(last=None, out=1), y=1e5 + 1e5 * Y, loss="mse"
    ),
    "exploding": lambda: trained(
        network("exponential", depth=8, last="softmax"), x=5 * X
    ),
}
SOUND = {
    "classes": lambda: trained(network()),
    "one hot": lambda: trained(network(), y=ONE_HOT, loss="categorical_crossentropy"),
    "logits": lambda: trained(
        network(last=None),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    ),
    "yes or no": lambda: trained(
        network(last="sigmoid", out=1), y=EVEN, loss="binary_crossentropy"
    ),
    "some dropout": lambda: trained(dropping(0.3), epochs=10),
    "a small penalty": lambda: trained(penalised(1e-4)),
    "a last layer of zeros": lambda: trained(last_of_zeros(network())),
    "regression": lambda: trained(
        network(last=None, out=1), y=(Y - 4.5) / 3, loss="mse"
    ),
    "tanh": lambda: trained(network("tanh", depth=5)),
    "saturated, and still learning": lambda: trained(
        network("tanh", start=keras.initializers.RandomNormal(stddev=2.0, seed=1)),
        optimizer=keras.optimizers.SGD(0.05),
        epochs=3,
    ),
    "by epochs": lambda: trained(network(), every="epoch"),
    "gone on with": lambda: trained(again(), epochs=8),
    "tuned finely": lambda: trained(
        again(), optimizer=keras.optimizers.SGD(1e-5), epochs=8
    ),
    "frozen backbone": lambda: trained(frozen(again(depth=4)), epochs=8),
}


@pytest.mark.filterwarnings("ignore:Weights that are not finite")
@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize("kind", FAULTS)
def test_a_planted_fault_is_named_first(kind):
    recording, model, batch = FAULTS[kind]()
    for given in ((recording,), (recording, model, batch)):
        found = diagnose(*given)
        assert found, given
        assert found[0].kind == kind, found.explain()
        assert found[0].evidence.endswith(".")
        assert found.to_frame()["kind"][0] == kind
        assert found.explain().startswith(f"1. {NAMES[kind][0].upper()}")
        assert NAMES[kind] in found._repr_html_()


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_said_of_a_sound_training(name):
    recording, model, batch = SOUND[name]()
    assert list(diagnose(recording)) == []
    assert list(diagnose(recording, model, batch)) == []


MISFITS = {
    "labels over 255": (
        dict(y=Y / 255, loss=CLASSES, last="softmax"),
        "wrong_labels",
        "whole numbers from 0 to 9",
    ),
    "a class too many": (
        dict(y=Y + 1, loss=CLASSES, last="softmax"),
        "wrong_labels",
        "from 0 to 9; these labels go from 1 to 10",
    ),
    "classes as yes or no": (
        dict(y=Y, loss="binary_crossentropy", last="sigmoid", out=1),
        "wrong_loss",
        "labels from 0 to 1; these go from 0 to 9",
    ),
    "several labels": (
        dict(
            y=np.minimum(ONE_HOT + np.roll(ONE_HOT, 1, 0), 1),
            loss="categorical_crossentropy",
            last="softmax",
        ),
        "wrong_last_activation",
        "may have several labels",
    ),
    "negative targets": (
        dict(y=Y - 4.5, loss="mse", last="relu", out=1),
        "wrong_last_activation",
        "can reach 0 to inf; the targets go from -4.5 to 4.5",
    ),
    "targets above 1": (
        dict(y=Y, loss="mse", last="sigmoid", out=1),
        "wrong_last_activation",
        "can reach 0 to 1",
    ),
    "logits of probabilities": (
        dict(
            y=Y,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            last="softmax",
        ),
        "wrong_last_activation",
        "has applied softmax already",
    ),
    "NaN in targets": (
        dict(y=np.where(Y > 8, np.nan, Y), loss="mse", last=None, out=1),
        "wrong_labels",
        "NaN",
    ),
}


@pytest.mark.parametrize("name", MISFITS)
def test_what_does_not_fit_is_certain_before_any_training(name):
    case, kind, words = MISFITS[name]
    model = network(last=case["last"], out=case.get("out", 10))
    model.compile("adam", case["loss"])
    found = diagnose(None, model, (X[:256], case["y"][:256]))
    assert (found[0].kind, found[0].sure) == (kind, "certain"), found.explain()
    assert words in found[0].evidence


def test_a_loss_that_has_no_gradient_is_said():
    model = network()
    model.compile("adam", lambda y, predicted: 1 / 0)
    untold = diagnose(None, model, (X[:5], Y[:5])).untold
    assert any("no gradient on this batch: ZeroDivision" in one for one in untold)


@pytest.mark.parametrize("shape", [(8, 8), (8,)])
def test_classes_of_each_pixel_are_no_several_labels(shape):
    # 0 and 1 for each of many places, which softmax answers place by place.
    outputs = keras.layers.Dense(2, "softmax")
    model = keras.Sequential([keras.Input((*shape, 1)), outputs])
    model.compile("adam", CLASSES)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, *shape, 1)), rng.integers(2, size=(9, *shape))
    assert list(diagnose(None, model, (x, y))) == []


def test_a_model_that_fits_has_no_finding_before_training():
    model = network()
    model.compile("adam", CLASSES)
    assert list(diagnose(None, model, (X[:256], Y[:256]))) == []


class OnlyForInference(keras.layers.Layer):
    def call(self, x, training=None):
        if training:
            raise ValueError("I cannot be trained.")
        return x


def test_a_model_that_cannot_be_trained_is_refused_in_words():
    model = keras.Sequential([keras.Input((64,)), OnlyForInference()])
    with pytest.raises(ValueError, match=r"(?s)cannot take the x.+I cannot be trained"):
        diagnose(None, model, (X[:5], X[:5]))


def test_gradients_are_those_of_the_loss():
    # Of one dense layer and a squared error, which is known by heart.
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    y = ONE_HOT[:32, :2]
    kernel, bias = model.get_weights()
    slope = X[:32].T @ (X[:32] @ kernel + bias - y) * 2 / y.size
    look = Look.at(model, (X[:32], y))
    [path] = [v.path for v in model.trainable_variables if v.name == "kernel"]
    assert look.gradients[path] == pytest.approx(np.sqrt(np.mean(slope**2)), rel=1e-5)


def test_it_says_what_it_could_not_see():
    steps = [{"loss": 1.0, "accuracy": 0.5}] * 3
    untold = diagnose(recording(np.full((3, 2, 2), 0.01), steps)).untold
    assert any("model= and batch=" in sentence for sentence in untold)
    assert any("does not tell optimizer" in sentence for sentence in untold)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((None,), "needs a recording, or a model and a batch"),
        (("run.parquet",), "must be a tfrwc.Recording.*Received: str"),
        ((None, network(), None), "a model and a batch together"),
        ((None, network(), X[:5]), r"batch must be \(x, y\)"),
        ((None, network(), (X[:5, :3], Y[:5])), "cannot take the x of this batch"),
        ((None, "model", (X[:5], Y[:5])), "must be a keras.Model. Received: str"),
    ],
)
def test_what_cannot_be_diagnosed_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        diagnose(*given)


def test_inputs_that_say_nothing_are_seen_in_a_batch():
    given = trained(network(), x=0 * X + 0.5)
    found = diagnose(*given)
    assert (found[0].kind, found[0].sure) == ("wrong_input", "certain")
    assert "dying_relu" not in [one.kind for one in found]


@pytest.mark.parametrize(("mean", "bias"), [(1e3, 0.0), (0.0, -1e3)])
def test_averages_that_lag_are_no_silent_units(mean, bias):
    # Either way a step of training normalises the values of the batch itself.
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Dense(32),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(),
        keras.layers.Dropout(0.5),
        keras.layers.Dense(32, "relu"),
        keras.layers.Dense(10, "softmax"),
    ]
    model = keras.Sequential([keras.Input((64,)), *layers])
    layers[0].bias.assign(np.full(32, bias))
    layers[1].moving_mean.assign(np.full(32, mean))
    model.compile("adam", CLASSES)
    before = [keras.ops.convert_to_numpy(v.value) for v in model.variables]
    found = diagnose(None, model, (X[:99], Y[:99]))
    assert list(found) == []
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(variable), value)


def test_a_layer_that_only_the_batch_shows_is_told_with_the_finding():
    keras.utils.set_random_seed(0)
    silent = keras.layers.Dense(32, "relu", bias_initializer=Constant(-50.0))
    layers = [keras.layers.Dense(32, "relu"), silent, keras.layers.Dense(10, "softmax")]
    given = trained(keras.Sequential([keras.Input((64,)), *layers]))
    assert [(one.kind, one.layer) for one in diagnose(given[0])] == [
        ("dying_relu", None)
    ]
    [finding] = diagnose(*given)
    assert (finding.kind, finding.layer) == ("dying_relu", silent.name)
    assert "100 % of the units" in finding.evidence


def test_a_rate_that_rises_is_told_since_then():
    def rises(epoch, rate):
        return 1e-3 if epoch < 2 else 5.0

    model = network()
    model.compile("adam", CLASSES, metrics=["accuracy"], jit_compile=False)
    callback = RWCCallback(every=5, measures=("l1_ratio", "still_units"))
    schedule = keras.callbacks.LearningRateScheduler(rises)
    model.fit(X, Y, epochs=5, verbose=0, callbacks=[schedule, callback])
    steps = -(-len(X) // 32) * 2
    found = diagnose(callback.recording)
    assert found[0].kind == "lr_too_high"
    assert steps < found[0].since <= steps + 5


def test_changes_since_the_beginning_are_refused():
    made = recording(np.zeros((2, 2, 2)), [{"loss": 1.0}] * 2)
    made.settings["reference"] = "initial"
    with pytest.raises(ValueError, match="reference='previous'"):
        diagnose(made)


def test_a_callback_says_each_finding_once_and_training_goes_on(tmp_path):
    model = network("sigmoid", depth=10)
    model.compile("adam", CLASSES, metrics=["accuracy"], jit_compile=False)
    callback = RWCCallback(tmp_path / "run.parquet", every=5, diagnose=True)
    with pytest.warns(RuntimeWarning, match="Vanishing.*said once") as told:
        history = model.fit(
            X, Y, epochs=6, batch_size=64, verbose=0, callbacks=[callback]
        )
    assert len(history.epoch) == 6
    assert sum("Vanishing" in str(one.message) for one in told) == 1
    saved = load_recording(tmp_path / "run.parquet")
    assert "still_units" in saved.measures
    assert diagnose(saved)[0].kind == "vanishing"


def test_a_diagnosis_that_fails_does_not_stop_a_training(monkeypatch):
    from tfrwc._common import doors

    def fails(recording):
        raise ZeroDivisionError("of a rule")

    monkeypatch.setitem(doors._LOADERS, "diagnose", lambda: fails)
    model = network()
    model.compile("adam", CLASSES)
    with pytest.warns(RuntimeWarning, match="could not be diagnosed: of a rule"):
        model.fit(X, Y, verbose=0, callbacks=[RWCCallback(diagnose=True)])

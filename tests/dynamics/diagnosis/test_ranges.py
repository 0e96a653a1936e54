"""What a diagnosis says of targets that a loss or a last layer cannot take."""

import keras
import numpy as np
import pytest
from dynamics.diagnosis.recordings import recording
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tfrwc import RWCCallback
from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.from_facts import misfits
from tfrwc.dynamics.diagnosis.from_logs import out_of_range
from tfrwc.dynamics.diagnosis.thresholds import LIMITS


def run(losses, loss, activation, units=1, accuracy=None, values=0.01, **facts):
    """Records of two layers, ten steps apart."""
    logs = [{"loss": value} for value in losses]
    if accuracy is not None:
        logs = [log | {"accuracy": accuracy} for log in logs]
    facts |= {"loss": loss, "output": {"units": units, "activation": activation}}
    steps = 10 * np.arange(1, len(logs) + 1)
    shape = (len(logs), 2, 2)
    return recording(np.broadcast_to(values, shape), logs, steps, training=facts)


def told(*arguments, **facts):
    found = out_of_range(Course.of(run(*arguments, **facts)), LIMITS)
    return [(one.kind, one.sure) for one in found]


@pytest.mark.parametrize(
    ("losses", "loss", "activation", "units", "kind"),
    [
        ([0.7, -0.5, -20.0], "binary_crossentropy", "sigmoid", 1, "wrong_loss"),
        ([0.7, -0.5, -20.0], "binary_crossentropy", "sigmoid", 99, "wrong_labels"),
        ([2.0, -1.0, -3.0], "categorical_crossentropy", "softmax", 9, "wrong_labels"),
        ([0.1, 1e-9, -1e-6], "binary_crossentropy", "sigmoid", 1, None),
        ([0.7, -0.5, -20.0], "cosine_similarity", "sigmoid", 1, None),
        ([9.0, 8.0, 7.0], "mean_squared_error", "sigmoid", 1, "wrong_last_activation"),
        ([9.0, 8.0, 7.0], "mean_absolute_error", "tanh", 3, "wrong_last_activation"),
        ([9.0, 3.0, 3.0], "mean_squared_error", "tanh", 1, None),
        ([9.0, 0.9, 0.9], "mean_squared_error", "sigmoid", 1, None),
        ([9.0, 8.0, 7.0], "mean_squared_error", "linear", 1, None),
        ([9.0, 8.0, 7.0], "mean_squared_error", "relu", 1, None),
    ],
)
def test_a_loss_that_targets_in_range_cannot_have(
    losses, loss, activation, units, kind
):
    found = told(losses, loss, activation, units)
    sure = "certain" if "entropy" in loss else "likely"
    assert found == ([(kind, sure)] if kind else [])


@pytest.mark.parametrize("fact", ["regularised", "scaled"])
@pytest.mark.parametrize("loss", ["binary_crossentropy", "mean_squared_error"])
def test_a_loss_that_is_no_mean_may_be_anything(loss, fact):
    assert told([-9.0, 9.0, 9.0], loss, "sigmoid", **{fact: True}) == []


def test_weights_of_examples_may_make_an_error_large():
    assert told([9.0, 6.0, 3.0, 1.5], "mean_squared_error", "sigmoid") == []


class Bonus(keras.layers.Layer):
    def call(self, x):
        self.add_loss(-keras.ops.mean(x))
        return x


SUMS = {
    "summed": {"loss": keras.losses.BinaryCrossentropy(reduction="sum")},
    "summed, in a list": {"loss": [keras.losses.BinaryCrossentropy(reduction="sum")]},
    "weighted": {"loss": "binary_crossentropy", "loss_weights": 30.0},
    "activities": {"activity": keras.regularizers.L2(1.0)},
    "added": {"more": [Bonus()]},
    "bias": {"bias": keras.regularizers.L2(1.0)},
}


@pytest.mark.parametrize("how", SUMS)
def test_a_sound_training_whose_loss_is_no_mean(how):
    """For few steps, in which accuracy does not yet tell that all is well."""
    given = {"loss": "binary_crossentropy"} | SUMS[how]
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(960, 4)).astype("float32")
    y = (x[:, :1] * x[:, 1:2] > 0).astype("float32")
    regularizers = {
        "activity_regularizer": given.pop("activity", None),
        "bias_regularizer": given.pop("bias", None),
    }
    hidden = keras.layers.Dense(16, "relu", **regularizers)
    more = given.pop("more", [])
    last = keras.layers.Dense(1, "sigmoid")
    model = keras.Sequential([keras.Input((4,)), *more, hidden, last])
    model.compile(keras.optimizers.Adam(3e-3), metrics=["accuracy"], **given)
    callback = RWCCallback(every=1, measures=("l1_ratio", "still_units"))
    model.fit(x, y, batch_size=16, verbose=0, callbacks=[callback])
    assert not Course.of(callback.recording).is_mean_loss
    assert list(diagnose(callback.recording)) == []


_UNIT = arrays(np.float64, 8, elements=st.floats(1e-7, 1 - 1e-7))
LOSSES = {
    "binary_crossentropy": lambda y, p: -y * np.log(p) - (1 - y) * np.log(1 - p),
    "mean_squared_error": lambda y, p: (y - p) ** 2,
    "mean_absolute_error": lambda y, p: np.abs(y - p),
}


@settings(deadline=None)
@given(_UNIT, _UNIT, st.sampled_from(["sigmoid", "tanh"]), st.sampled_from([*LOSSES]))
def test_nothing_is_said_of_any_targets_in_range(targets, outputs, activation, loss):
    if activation == "tanh" and loss != "binary_crossentropy":
        targets, outputs = 2 * targets - 1, 2 * outputs - 1
    value = float(np.mean(LOSSES[loss](targets, outputs)))
    assert told([value] * 3, loss, activation) == []


@pytest.mark.parametrize(
    ("labels", "kind"),
    [([-1, 1], "wrong_labels"), ([0, 1, 2], "wrong_loss"), ([0, 1], None)],
)
def test_labels_of_a_yes_or_no(labels, kind):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    y = np.resize(labels, (12, 1))
    x = np.random.default_rng(0).normal(size=(12, 3))
    found = [one.kind for one in diagnose(None, model, (x, y))]
    assert found == ([kind] if kind else [])
    if kind == "wrong_loss":
        seen = run([0.7, -0.5, -20.0], "binary_crossentropy", "sigmoid")
        assert [one.kind for one in diagnose(seen, model, (x, y))] == [kind]


@pytest.mark.parametrize(
    "loss", ["kl_divergence", "binary_focal_crossentropy", "binary_crossentropy"]
)
def test_losses_of_probabilities(loss):
    def kinds(activation):
        output = {"units": 4, "activation": activation}
        return [one.kind for one in misfits({"loss": loss, "output": output})]

    assert kinds("linear") == ["missing_last_activation"]
    assert kinds("relu") == ["wrong_last_activation"]
    assert kinds("softmax") == []


def test_the_accuracy_of_a_regression_says_nothing():
    # Half of the units are silent, and the loss falls all the same.
    facts = {"activation": "linear", "values": [[0.01, 0.01], [0.5, 0.0]]}
    falls = np.linspace(1.0, 0.1, 40)
    regression = run(falls, "mean_squared_error", accuracy=0.01, **facts)
    assert list(diagnose(regression)) == []
    assert Course.of(regression).metric is None
    classes = run(falls, "mean_squared_error", accuracy=0.5, **facts)
    assert Course.of(classes).metric is not None
    assert [one.kind for one in diagnose(classes)] == ["dying_relu"]


def test_a_loss_that_falls_steadily_makes_progress():
    # As at the beginning of a slow training, near the loss of guessing.
    def kinds(losses):
        seen = run(losses, "binary_crossentropy", "sigmoid", accuracy=0.5)
        return [one.kind for one in diagnose(seen)]

    steadily = np.linspace(0.693, 0.686, 20)
    assert kinds(steadily) == []
    assert kinds(np.random.default_rng(0).permutation(steadily)) == ["no_progress"]
    assert kinds(np.linspace(0.693, 0.686, 60)) == ["no_progress"]  # for 600 steps


def test_extreme_outputs_come_before_the_silence_that_follows():
    silent = np.full((40, 2, 2), 0.01)
    silent[3:] = 0.0
    facts = {"accuracy": 0.4, "activations": ["relu", "softmax"]}
    for level, kind in ((9.0, "unscaled_input"), (1.1, "dying_relu")):
        seen = run(
            np.full(40, level),
            "categorical_crossentropy",
            "softmax",
            units=3,
            values=silent,
            **facts,
        )
        assert [one.kind for one in diagnose(seen)] == [kind]


def test_a_regression_that_has_only_learned_the_mean_does_not_go_well():
    # From 1e6 to 100, which is what the mean alone leaves.
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(3000, 10, (256, 1)).astype("float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    seen = run(np.geomspace(1e6, 100, 40), "mean_squared_error", "linear")
    for slope, kinds in ((0.0, ["unscaled_input", "unscaled_target"]), (1.0, [])):
        model.set_weights([np.full((1, 1), slope), np.full(1, 3020 * (1 - slope))])
        assert [one.kind for one in diagnose(seen, model, (x, x))] == kinds


def test_errors_of_each_kind_tell_how_far_off_outputs_are():
    def kinds(level, loss):
        seen = run(np.linspace(level, 0.9 * level, 20), loss, "linear")
        return [one.kind for one in diagnose(seen)]

    for loss, far in {
        "mean_squared_error": 2e4,
        "mean_absolute_error": 200.0,
        "huber": 200.0,
    }.items():
        assert kinds(far, loss) == ["unscaled_target"]
        assert kinds(far / 10, loss) == ["lr_too_low"]
    assert kinds(2e4, "mean_absolute_percentage_error") == ["lr_too_low"]


def test_an_accuracy_of_one_class_says_nothing_of_several_labels():
    def kinds(last):
        losses = np.linspace(0.7, last, 40)
        facts = {"units": 3, "accuracy": 0.4}
        found = diagnose(run(losses, "binary_crossentropy", "sigmoid", **facts))
        return [one.kind for one in found]

    # How common one of three classes is leaves 0.64.
    assert kinds(0.62) == ["wrong_loss"]
    assert kinds(0.4) == []


def test_a_loss_of_margins_has_to_fall():
    seen = run(np.full(40, 1.0), "hinge", "tanh", accuracy=0.5)
    assert [one.kind for one in diagnose(seen)] == ["no_progress"]

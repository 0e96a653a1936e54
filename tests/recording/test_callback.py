"""RWCCallback in real calls of fit. What holds on every backend is in `battery`."""

import os
import subprocess
import sys
import warnings
from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras import layers

from tfrwc import RWCCallback, load_recording, models
from tfrwc.dynamics import MEASURES, relative_change
from tfrwc.recording import AtSteps, EveryEpochs, EverySteps, Flag, LogarithmicSteps


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


def test_values_agree_with_numpy_on_resnet18_over_three_epochs():
    """The acceptance bar: 1e-5 relative to a float64 oracle, for every measure."""
    keras.utils.set_random_seed(0)
    model = models.build("resnet18", (16, 16, 3), 10, weight_decay=1e-4)
    model.compile(
        keras.optimizers.SGD(0.05, momentum=0.9),
        "sparse_categorical_crossentropy",
        jit_compile=False,
    )
    callback = RWCCallback(measures=MEASURES, watch="trainable")
    oracle = Weights(lambda model: model.trainable_weights)
    x = np.random.default_rng(0).integers(0, 256, (48, 16, 16, 3)).astype("uint8")
    y = np.arange(48) % 10
    model.fit(x, y, 16, epochs=3, verbose=0, callbacks=[callback, oracle])
    recording = callback.recording
    assert sum(len(shape) > 1 for shape in recording.layers["shape"]) == 21
    for measure in MEASURES:
        values, expected = recording.values(measure), oracle.expected(measure)
        assert values.shape == expected.shape
        np.testing.assert_allclose(values, expected, rtol=1e-5, err_msg=measure)
        flags = recording.flags(measure)
        np.testing.assert_array_equal(flags == Flag.OK, np.isfinite(expected))
        assert set(np.unique(flags)) <= {Flag.OK, Flag.ZERO_DENOMINATOR}


def test_a_model_that_cannot_be_built_from_shapes_says_what_to_do():
    class Picky(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x):
            if x.shape[0] is None:
                raise RuntimeError("I want to know the batch size")
            return self.dense(x)

    with pytest.raises(
        ValueError, match=r"(?s)could not be built.*call the model on one"
    ):
        fit(compiled(Picky()), RWCCallback(), n=63)


def test_a_model_without_call_is_recorded_through_its_parts():
    class Adversaries(keras.Model):
        def __init__(self):
            super().__init__()
            self.one = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
            self.two = keras.Sequential([layers.Input((4,)), layers.Dense(2)])

        def train_step(self, batch):
            x, y = batch
            with tf.GradientTape() as tape:
                loss = keras.ops.mean((self.one(x) - self.two(x) - y) ** 2)
            weights = self.trainable_variables
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    callback = RWCCallback()
    fit(compiled(Adversaries(), metrics=None), callback)
    values = callback.recording.values()
    assert values.shape == (3, 2)
    assert (values > 0).all()


def test_two_fits_make_one_recording():
    model, callback, oracle = small(), RWCCallback(), Weights()
    fit(model, callback, oracle, epochs=2)
    fit(model, callback, oracle, epochs=3)
    recording = callback.recording
    assert recording.epochs.tolist() == [1, 2, 3, 4, 5]
    assert recording.steps.tolist() == [4, 8, 12, 16, 20]
    expected = oracle.expected("l1_ratio")[:, [0, 2]]
    np.testing.assert_allclose(recording.values(), expected, rtol=1e-5)


def test_epochs_go_on_with_initial_epoch():
    model, callback = small(), RWCCallback()
    fit(model, callback, epochs=2)
    fit(model, callback, epochs=4, initial_epoch=2)
    assert callback.recording.epochs.tolist() == [1, 2, 3, 4]


def test_a_choice_that_grows_between_fits_keeps_what_was_recorded():
    model = small()
    callback = RWCCallback(watch=lambda v: v.trainable and len(v.shape) > 1)
    model.layers[0].trainable = False
    fit(compiled(model), callback, epochs=1)
    model.layers[0].trainable = True
    fit(compiled(model), callback, epochs=1)
    recording = callback.recording
    assert recording.layers["shape"].tolist() == [(8, 2), (4, 8)]
    assert recording.flags().tolist() == [[Flag.OK, Flag.NOT_WATCHED], [Flag.OK] * 2]
    assert np.isnan(recording.values()[0, 1])
    assert recording.values()[1, 1] > 0


def test_another_model_of_other_shapes_is_refused_and_nothing_is_lost():
    callback = RWCCallback()
    fit(small(), callback)
    other = compiled(keras.Sequential([layers.Input((4,)), layers.Dense(2)]))
    with pytest.raises(ValueError, match="new RWCCallback"):
        fit(other, callback)
    assert len(callback.recording) == 3


def test_steps():
    model, callback = small(), RWCCallback(every=3)
    fit(model, callback, epochs=2)
    recording = callback.recording
    assert recording.steps.tolist() == [3, 6]
    assert recording.epochs.tolist() == [1, 2]
    assert {"loss", "learning_rate"} <= set(recording.logs)


def test_schedule_objects():
    model, callback = small(), RWCCallback(every=EveryEpochs(2))
    fit(model, callback, epochs=5)
    assert callback.recording.epochs.tolist() == [2, 4]


@pytest.mark.parametrize("every", [100, EveryEpochs(3)])
def test_a_schedule_that_asks_for_no_record_is_announced(every):
    callback = RWCCallback(every=every)
    with pytest.warns(RuntimeWarning, match=r"epochs 1 to 2, which ended at .* step 8"):
        fit(small(), callback, epochs=2)
    assert len(callback.recording) == 0


def test_only_step_schedules_have_a_batch_hook():
    is_default = keras.src.utils.is_default
    assert is_default(RWCCallback().on_train_batch_end)
    assert not is_default(RWCCallback(every=5).on_train_batch_end)


def test_logs_hold_metrics_and_the_rate_of_the_epoch():
    model, callback = small(), RWCCallback()
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    history = fit(model, callback, schedule, validation_split=0.25)
    logs = callback.recording.logs
    assert list(logs) == [*history.history]
    for name, column in history.history.items():
        np.testing.assert_allclose(logs[name], column, rtol=1e-6)
    np.testing.assert_allclose(logs["learning_rate"], [0.1, 0.05, 0.1 / 3], rtol=1e-6)


def test_zero_denominators_are_flagged():
    callback = RWCCallback(measures=MEASURES, watch="trainable")
    fit(small(), callback)
    bias = callback.recording.layers["path"].str.endswith("bias").to_numpy()
    for measure in MEASURES:
        flags, values = (
            callback.recording.flags(measure),
            callback.recording.values(measure),
        )
        assert (flags[0, bias] == Flag.ZERO_DENOMINATOR).all()
        assert np.isnan(values[0, bias]).all()
        assert not np.isinf(values).any()
        assert (flags[:, ~bias] == Flag.OK).all()


def test_weights_that_are_not_finite_are_named_once_and_training_goes_on():
    class Spoil(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch >= 1:
                kernel = self.model.layers[1].kernel
                kernel.assign(keras.ops.full(kernel.shape, np.inf))

    model, callback = small(), RWCCallback(measures=("l1_ratio", "cosine"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(model, Spoil(), callback, epochs=4)
    messages = [str(w.message) for w in caught if "not finite" in str(w.message)]
    assert len(messages) == 1
    assert callback.recording.layers["name"][1] in messages[0]
    values, flags = callback.recording.values(), callback.recording.flags()
    assert len(values) == 4
    assert np.isfinite(values[0]).all()
    assert np.isnan(values[1:, 1]).all()
    assert (flags[1:, 1] == Flag.NON_FINITE).all()


def test_nothing_watched_stops_the_start_of_training():
    with pytest.raises(ValueError, match="nothing would be recorded"):
        fit(small(), RWCCallback(watch="no such path"))
    with pytest.raises(ValueError, match="nothing would be recorded"):
        fit(small(build=False), RWCCallback(watch="no such path"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"measures": ("l1_ratio", "l3")}, r"l1_ratio, l2_ratio, .*'l3'"),
        ({"measures": ()}, "one or more of"),
        ({"measures": None}, "Received: None"),
        ({"measures": ("cosine", "cosine")}, "each once"),
        ({"reference": "first"}, r"'previous', 'initial'.*'first'"),
        ({"every": "batch"}, "'epoch', a number of steps"),
        ({"every": 0}, "1 or more"),
        ({"every": EveryEpochs}, "every must be"),
        ({"every": []}, r"AtSteps needs .* Received: \(\)|Received: \[\]"),
        ({"every": [1, 0]}, "1 or more"),
        ({"watch": "("}, "regular expression"),
    ],
)
def test_arguments_are_checked_when_the_object_is_made(arguments, message):
    with pytest.raises(ValueError, match=message):
        RWCCallback(**arguments)


@pytest.mark.parametrize("base", [1, 0.5, float("nan"), float("inf"), "2", True])
def test_a_logarithmic_schedule_checks_its_base(base):
    with pytest.raises(ValueError, match="base of"):
        LogarithmicSteps(base)


@given(
    st.one_of(
        st.sets(st.integers(1, 300), min_size=1).map(lambda s: AtSteps(tuple(s))),
        st.floats(1.01, 10).map(LogarithmicSteps),
        st.integers(1, 50).map(EverySteps),
    ),
    st.integers(0, 300),
    st.integers(0, 300),
)
def test_a_record_is_due_where_a_step_that_asks_for_one_is_passed(schedule, a, b):
    last, now = sorted((a, b))
    asked = [step for step in range(1, 301) if schedule.due(step - 1, step)]
    assert schedule.due(last, now) == any(last < step <= now for step in asked)
    if isinstance(schedule, LogarithmicSteps):
        assert 1 in asked
        # One step on, or no further than by the base.
        for one, other in pairwise(asked):
            assert other <= max(one + 1, np.ceil(one * schedule.base))


@pytest.mark.parametrize("schedule", [EveryEpochs, EverySteps])
def test_schedules_check_their_number(schedule):
    with pytest.raises(ValueError, match=r"Received: 1\.5"):
        schedule(1.5)


def test_an_unwritable_path_fails_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write its recording.*Give the path"):
        RWCCallback(tmp_path / "file" / "run.parquet")
    with pytest.raises(OSError, match=r"it is a folder"):
        RWCCallback(tmp_path)


def test_no_recording_before_fit():
    with pytest.raises(RuntimeError, match=r"pass this callback to model\.fit"):
        _ = RWCCallback().recording


def test_the_file_is_whole_after_each_epoch(tmp_path):
    path, lengths = tmp_path / "new" / "run.parquet", []

    class Read(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            lengths.append(len(load_recording(path)))

    fit(small(), RWCCallback(path), Read())
    assert lengths == [0, 1, 2]
    assert len(load_recording(path)) == 3
    assert [p.name for p in path.parent.iterdir()] == ["run.parquet"]


def test_a_disk_that_fills_up_loses_no_record(tmp_path):
    path = tmp_path / "run.parquet"

    class Break(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            partial = tmp_path / "run.parquet.partial"
            if epoch == 1:
                partial.mkdir()  # no file can be opened in its place
            if epoch == 2:
                partial.rmdir()

    callback = RWCCallback(path)
    with pytest.warns(RuntimeWarning, match="could not be written"):
        fit(small(), callback, Break())
    assert len(callback.recording) == len(load_recording(path)) == 3


def test_a_restored_model_goes_on_with_its_recording(tmp_path):
    path, weights = tmp_path / "run.parquet", str(tmp_path / "last.weights.h5")
    model = small()
    fit(model, RWCCallback(path), epochs=2)
    model.save_weights(weights)
    fit(model, RWCCallback(path), epochs=3, initial_epoch=2)

    model = small()
    model.optimizer.build(model.trainable_variables)
    model.load_weights(weights)
    callback = RWCCallback(path)
    with pytest.warns(UserWarning, match=r"Dropped the last 1 of the records.*step 8"):
        fit(model, callback, epochs=4, initial_epoch=2)
    assert callback.recording.steps.tolist() == [4, 8, 12, 16]
    assert callback.recording.epochs.tolist() == [1, 2, 3, 4]


def test_a_fresh_model_does_not_overwrite_a_recording(tmp_path):
    path = tmp_path / "run.parquet"
    fit(small(), RWCCallback(path))
    with pytest.raises(ValueError, match=r"already holds 3 records.*Move that file"):
        fit(small(), RWCCallback(path))
    assert len(load_recording(path)) == 3


def test_a_recording_of_another_schedule_or_reference_is_not_gone_on_with(tmp_path):
    path, model = tmp_path / "run.parquet", small()
    fit(model, RWCCallback(path))
    with pytest.raises(
        ValueError, match=r"every EveryEpochs\(n=1\).*EverySteps\(n=2\)"
    ):
        fit(model, RWCCallback(path, every=2))
    with pytest.raises(ValueError, match=r"reference previous.*Received: initial"):
        fit(model, RWCCallback(path, reference="initial"))


def test_one_callback_does_not_record_another_run():
    callback = RWCCallback()
    fit(small(), callback)
    with pytest.raises(ValueError, match=r"another model up to step 12.*at step 0"):
        fit(small(), callback)
    assert callback.recording.steps.tolist() == [4, 8, 12]


@pytest.mark.parametrize("path", ["", ".", 3])
def test_a_path_that_is_none_is_named(path):
    with pytest.raises(ValueError, match=r"RWCCallback's path.*Received"):
        RWCCallback(path)


def test_a_recording_of_other_measures_is_not_gone_on_with(tmp_path):
    path, model = tmp_path / "run.parquet", small()
    fit(model, RWCCallback(path))
    with pytest.raises(ValueError, match=r"measures \('l1_ratio',\).*'cosine'"):
        fit(model, RWCCallback(path, measures="cosine"))


def test_a_model_without_optimizer_is_refused():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    model.compile(None, "mse")
    callback = RWCCallback()
    callback.set_model(model)
    callback.on_train_begin()
    with pytest.raises(ValueError, match="has no optimizer"):
        callback.on_epoch_begin(0)


def test_explain_is_on_the_callback_too():
    table = RWCCallback(watch="all").explain(small())
    assert table["watched"].all()


def test_a_backend_without_training_is_named():
    done = subprocess.run(
        [sys.executable, "-c", "from tfrwc import RWCCallback"],
        env=os.environ | {"KERAS_BACKEND": "numpy"},
        capture_output=True,
        text=True,
    )
    assert "tensorflow, jax and torch. Received: 'numpy'. Set KERAS_BACKEND" in (
        done.stderr
    )

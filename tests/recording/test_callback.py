"""RWCCallback in real calls of fit. What holds on every backend is in `battery`."""

import keras
import numpy as np
import pytest
from keras import layers
from recording.networks import Weights, compiled, fit, small

from tfrwc import RWCCallback, models
from tfrwc.dynamics import MEASURES
from tfrwc.recording import EveryEpochs, Flag


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


def test_keras_waits_for_each_batch_only_for_some_steps():
    def waits(**options):
        # A batch hook that Keras does not take for safe makes it wait.
        return not RWCCallback(**options).async_safe

    assert not waits()
    assert not waits(every=1)
    assert waits(every=5)
    assert waits(every=1, reference="initial")


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


def test_no_recording_before_fit():
    with pytest.raises(RuntimeError, match=r"pass this callback to model\.fit"):
        _ = RWCCallback().recording


def test_one_callback_does_not_record_another_run():
    callback = RWCCallback()
    fit(small(), callback)
    with pytest.raises(ValueError, match=r"another model up to step 12.*at step 0"):
        fit(small(), callback)
    assert callback.recording.steps.tolist() == [4, 8, 12]


def test_explain_is_on_the_callback_too():
    table = RWCCallback(watch="all").explain(small())
    assert table["watched"].all()

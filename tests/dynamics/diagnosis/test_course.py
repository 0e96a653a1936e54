"""What a recording says of the course of a training."""

import numpy as np
import pytest
from dynamics.diagnosis.recordings import TABLE, recording
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tfrwc import Recording
from tfrwc.dynamics import diagnose
from tfrwc.dynamics.diagnosis.course import Course
from tfrwc.dynamics.diagnosis.progress import learned
from tfrwc.dynamics.diagnosis.thresholds import LIMITS


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 12), st.integers(1, 7), st.integers(0, 9999))
def test_running_means_become_those_of_each_record(epochs, in_epoch, every, seed):
    # Keras logs the mean since its epoch began; a record holds those of its own steps.
    rng = np.random.default_rng(seed)
    losses = rng.random(epochs * in_epoch) + 0.1
    steps = np.arange(every, epochs * in_epoch + 1, every)
    place = (steps - 1) % in_epoch + 1
    logs = [
        {"loss": losses[step - at : step].mean()}
        for step, at in zip(steps, place, strict=True)
    ]
    numbers = (steps - 1) // in_epoch + 1
    facts = {"training": {"steps_per_epoch": in_epoch}}
    values = np.zeros((len(steps), 2, 2))
    course = Course.of(recording(values, logs, steps, numbers, **facts))
    for i, (step, at) in enumerate(zip(steps, place, strict=True)):
        begun = max(step - at, steps[i - 1] if i else 0)  # of the epoch, or the record
        assert course.loss[i] == pytest.approx(losses[begun:step].mean(), rel=1e-6)


def test_without_the_length_of_an_epoch_means_stay_as_they_are():
    logs = [{"loss": 3.0}, {"loss": 2.0}]
    course = Course.of(recording(np.zeros((2, 2, 2)), logs))
    np.testing.assert_array_equal(course.loss, [3, 2])


def test_an_accuracy_that_begins_below_guessing_counts_as_guessing():
    facts = {
        "loss": "categorical_crossentropy",
        "output": {"units": 10, "activation": "softmax"},
    }
    logs = [{"loss": 2.3, "accuracy": a} for a in (0.02, 0.05, 0.1)]
    course = Course.of(recording(np.zeros((3, 2, 2)), logs, training=facts))
    assert course.gain == pytest.approx(0, abs=1e-9)
    assert course.chance_loss == pytest.approx(np.log(10))


@pytest.mark.parametrize("regularised", [False, True])
def test_a_loss_that_begins_above_that_of_guessing_counts_as_guessing(regularised):
    facts = {
        "loss": "categorical_crossentropy",
        "output": {"units": 3, "activation": "softmax"},
        "regularised": regularised,
    }
    logs = [{"loss": value, "accuracy": 0.35} for value in (9.0, 1.09, 1.08)]
    course = Course.of(recording(np.zeros((3, 2, 2)), logs, training=facts))
    expected = (9 - 1.08) / 9 if regularised else 1 - 1.08 / np.log(3)
    assert course.fall == pytest.approx(expected)


EXTREMES = st.one_of(
    st.sampled_from([0.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 1e-308, 3e38]),
    st.floats(0, 3),
)


@settings(deadline=None)
@given(
    arrays(np.float64, st.tuples(st.integers(1, 30), st.just(8)), elements=EXTREMES),
    st.sets(st.sampled_from(["loss", "accuracy", "val_loss", "learning_rate"])),
    st.sampled_from([None, 1, 4]),
    st.sampled_from([1, 30]),
    st.fixed_dictionaries(
        {
            "loss": st.sampled_from(
                ["mean_squared_error", "binary_crossentropy", "hinge", None]
            ),
            "output": st.fixed_dictionaries({"units": st.sampled_from([1, 10, None])}),
            "optimizer": st.sampled_from(["Adam", "SGD"]),
        }
    ),
)
def test_nothing_that_can_be_recorded_fails_or_warns(
    numbers, names, in_epoch, apart, facts
):
    """Warnings are errors here."""
    logs = [dict(zip(sorted(names), row, strict=False)) for row in numbers[:, 4:]]
    steps = np.arange(1, len(logs) + 1) * apart
    epochs = (steps - 1) // (in_epoch or 4) + 1
    facts |= {"activations": ["relu", "sigmoid"], "steps_per_epoch": in_epoch}
    with np.errstate(over="ignore"):
        values = numbers[:, :4].astype(np.float32).reshape(-1, 2, 2)
    for one in diagnose(recording(values, logs, steps, epochs, training=facts)):
        assert one.kind


def test_a_measure_that_is_no_change_is_refused():
    made = Recording(TABLE, ("still_units",), {"reference": "previous"})
    made.append(1, 1, np.zeros((1, 2)), np.zeros((1, 2)), {})
    with pytest.raises(ValueError, match="needs a measure that grows with the change"):
        Course.of(made)


def test_units_that_few_examples_reach_are_still_in_some_records_alone():
    values = np.zeros((9, 2, 2))
    values[:, 1, 0] = [1, 1, 1, 1, 1, 1, 0.6, 0.2, 0.7]
    values[:, 1, 1] = [0, 0, 0, 0, 0, 0, 0.4, np.nan, 0.5]
    course = Course.of(recording(values, [{"loss": 1.0}] * 9))
    np.testing.assert_allclose(course.still_at_end, [0.2, 0.4], rtol=1e-6)


@pytest.mark.parametrize(("last", "is_told"), [(1.35, False), (1.0, True)])
def test_a_loss_near_guessing_has_learned_nothing_whatever_a_metric_says(last, is_told):
    facts = {
        "loss": "categorical_crossentropy",
        "output": {"units": 4, "activation": "softmax"},
    }
    logs = [
        {"loss": loss, "accuracy": accuracy}
        for loss, accuracy in zip(
            np.linspace(1.386, last, 20), np.linspace(0.25, 0.4, 20), strict=True
        )
    ]
    course = Course.of(recording(np.zeros((20, 2, 2)), logs, training=facts))
    assert course.gain > LIMITS.learned_gain
    assert learned(course, LIMITS) == is_told


def test_a_recording_without_records_shows_nothing():
    found = diagnose(recording([], []))
    assert list(found) == []
    assert found.untold == (
        "The recording has no record: nothing could be seen of the training.",
    )

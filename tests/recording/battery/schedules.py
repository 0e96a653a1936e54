"""When a record is taken."""

import warnings

import keras
import numpy as np
import pytest
from recording.battery.helpers import Oracle, case, fit, network

from tfrwc import RWCCallback
from tfrwc.recording import AtSteps, EverySteps, LogarithmicSteps


@case()
def schedules():
    expected = {
        LogarithmicSteps(): [1, 2, 4, 8],
        LogarithmicSteps(2**0.5): [1, 2, 3, 4, 6, 8, 12],
        AtSteps([5, 2, 100]): [2, 5],
        EverySteps(5): [5, 10],
    }
    for schedule, steps in expected.items():
        callback, oracle = RWCCallback(every=schedule), Oracle("step")
        fit(network(), callback, oracle)
        assert callback.recording.steps.tolist() == steps, schedule
        oracle.check(callback.recording, kept=[0, *steps])
    callback = RWCCallback(every=[3, 1])
    fit(network(), callback)
    assert callback.recording.steps.tolist() == [1, 3]


@case("tensorflow", "jax")  # Keras refuses it on PyTorch
def several_steps_per_execution():
    callback, oracle = RWCCallback(every=3), Oracle("step")
    fit(network(steps_per_execution=2), callback, oracle, epochs=2)
    assert callback.recording.steps.tolist() == [4, 6]
    oracle.check(callback.recording, kept=[0, 2, 3])
    # The last execution of an epoch has one step only.
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(network(steps_per_execution=3), callback, oracle, epochs=2)
    assert callback.recording.steps.tolist() == [3, 4, 7, 8]
    oracle.check(callback.recording)


@case()
def gradient_accumulation():
    optimizer = keras.optimizers.SGD(0.05, gradient_accumulation_steps=3)
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(network(optimizer=optimizer), callback, oracle)
    recording = callback.recording
    assert recording.steps.tolist() == [1, 2, 3, 4]
    assert recording.logs["batches"].tolist() == [3, 6, 9, 12]
    oracle.check(recording, kept=[0, 3, 6, 9, 12])
    assert (recording.values() > 0).all()


@case()
def learning_rate_schedules():
    within = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
    callback, oracle = RWCCallback(), Oracle()
    fit(network(optimizer=keras.optimizers.SGD(within)), callback, oracle)
    recording = callback.recording
    oracle.check(recording)
    rates = 0.1 * 0.5 ** (np.array([3, 7, 11]) / 4)  # of the last update
    np.testing.assert_allclose(recording.logs["learning_rate"], rates, rtol=1e-6)
    np.testing.assert_allclose(
        recording.per_learning_rate(), recording.values() / rates[:, None], rtol=1e-6
    )
    between = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    callback = RWCCallback(every=4)
    fit(network(), callback, between)
    rates = callback.recording.logs["learning_rate"]
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.1 / 3], rtol=1e-6)


@case()
def a_count_that_something_else_moves():
    """Steps are counted by batches only as long as the optimizer agrees."""

    class Moves(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizer = self.model.optimizer
            if int(optimizer.iterations) == 2:
                optimizer.iterations.assign(10)

    callback = RWCCallback(every=1)
    with pytest.warns(RuntimeWarning, match="at step 12 at the end of epoch 1, but 4"):
        fit(network(), callback, Moves())
    assert callback.recording.steps.tolist()[4:] == [*range(13, 21)]


class OfVariable(keras.optimizers.schedules.LearningRateSchedule):
    """Wants the variable that its optimizer gives it."""

    def __call__(self, step):
        return 0.1 / (keras.ops.cast(step.value, "float32") + 1)


class Fails(keras.optimizers.schedules.LearningRateSchedule):
    """Cannot be asked but by its optimizer."""

    def __call__(self, step):
        if getattr(step, "name", "") != "iteration":
            raise RuntimeError("not for you")
        return 0.1


@case()
def schedules_that_take_no_number():
    for every in ("epoch", 1, 2):
        optimizer = keras.optimizers.SGD(OfVariable())
        callback = RWCCallback(every=every)
        fit(network(optimizer=optimizer), callback, epochs=2)
        recording = callback.recording
        rates = 0.1 / recording.steps
        np.testing.assert_allclose(recording.logs["learning_rate"], rates, rtol=1e-6)
        callback = RWCCallback(every=every)
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            fit(network(optimizer=keras.optimizers.SGD(Fails())), callback, epochs=2)
        assert callback.recording.steps[-1] == 8
        told = [str(w.message) for w in said if "Fails cannot" in str(w.message)]
        has_rate = "learning_rate" in callback.recording.logs
        assert len(told) == (0 if has_rate else 1), told

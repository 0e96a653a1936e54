"""Records of every step, whose sums the step itself takes."""

import gc
import weakref

import keras
import numpy as np
import pytest
from recording.battery.helpers import (
    Killed,
    Oracle,
    case,
    compiled,
    fit,
    network,
)

from tfrwc import RWCCallback
from tfrwc.recording.measures import REGISTRY

BY_STEPS = list(range(1, 100))  # the same records, each measured from outside


@case()
def every_measure_and_kind_of_weight():
    for watch in ("kernels", "all"):
        callback = RWCCallback(every=1, measures=REGISTRY, watch=watch)
        oracle = Oracle("step", watch)
        model = network()
        fit(model, callback, oracle, n=60)  # the last batch is smaller
        assert callback.recording.steps.tolist() == list(range(1, 13))
        oracle.check(callback.recording)
        # Another fit of the same callback, and a new one, on the same model.
        fit(model, callback, oracle)
        oracle.check(callback.recording)
        callback, oracle = RWCCallback(every=1, watch=watch), Oracle("step", watch)
        fit(model, callback, oracle)
        oracle.check(callback.recording)


@case()
def logs_are_those_of_records_taken_from_outside():
    between = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 4, 0.5)
    for rate, callbacks in ((0.05, [between]), (schedule, [])):
        logs, histories = [], []
        for every in (1, BY_STEPS):
            model = network(optimizer=keras.optimizers.Adam(rate), metrics=["mae"])
            callback = RWCCallback(every=every)
            history = fit(model, callback, *callbacks).history
            histories.append(sorted(history))
            logs.append(callback.recording.logs)
        for name in ("loss", "mae", "learning_rate"):
            np.testing.assert_allclose(logs[0][name], logs[1][name], rtol=1e-6)
        assert len(set(logs[0]["learning_rate"])) > 2
        assert histories[0] == histories[1]


@case()
def another_compile_makes_another_step():
    model = network()
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(model, callback, oracle, epochs=1)
    compiled(model, optimizer=keras.optimizers.SGD(0.5))
    fit(model, callback, oracle, epochs=1)
    oracle.check(callback.recording)
    rates = callback.recording.logs["learning_rate"]
    np.testing.assert_allclose(rates, [0.05] * 4 + [0.5] * 4)


@case()
def a_step_is_traced_once():
    class Counted(keras.layers.Layer):
        calls = 0

        def call(self, x):
            Counted.calls += 1
            return x

    model = compiled(
        keras.Sequential([keras.layers.Input((4,)), Counted(), keras.layers.Dense(2)]),
        run_eagerly=False,
    )
    fit(model, RWCCallback(every=1))
    traced = Counted.calls
    fit(model, RWCCallback(every=1))
    steps = 12 if keras.backend.backend() == "torch" else 0  # nothing is traced
    assert Counted.calls - traced == steps


@case()
def trainings_that_are_cut_off():
    for error in (Killed, KeyboardInterrupt):
        model = network()
        callback = RWCCallback(every=1)

        class Stop(keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None, error=error):
                if int(self.model.optimizer.iterations) == 6:
                    raise error

        with pytest.raises(error):
            fit(model, callback, Stop())
        assert callback.recording.steps.tolist() == list(range(1, 7))
        # What is fitted without the callback is not recorded.
        fit(model)
        assert callback.recording.steps.tolist() == list(range(1, 7))
        fresh, oracle = RWCCallback(every=1), Oracle("step")
        fit(model, fresh, oracle)
        oracle.check(fresh.recording)


@case()
def a_step_that_fails():
    class Fails(keras.layers.Layer):
        left = 100

        def call(self, x):
            Fails.left -= 1
            if not Fails.left:
                raise ArithmeticError("no such number")
            return x

    model = compiled(
        keras.Sequential([keras.layers.Input((4,)), Fails(), keras.layers.Dense(2)]),
        run_eagerly=True,
    )
    callback = RWCCallback(every=1)
    fit(model, callback)
    Fails.left = 3
    with pytest.raises(ArithmeticError, match="no such number"):
        fit(model, callback)
    fit(model)
    assert len(callback.recording) == 14


@case()
def data_of_unknown_length():
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")

    def batches():
        for start in range(0, 64, 16):
            yield x[start : start + 16], x[start : start + 16, :2]

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return list(batches())[index]

    for source in (batches, Batches):
        for every, steps in ((1, [1, 2, 3, 4]), (3, [3])):
            callback, oracle = RWCCallback(every=every), Oracle("step")
            network().fit(source(), callbacks=[callback, oracle], verbose=0)
            assert callback.recording.steps.tolist() == steps
            oracle.check(callback.recording, kept=[0, *steps])


@case()
def two_recorders_of_one_fit():
    model = network()
    one, two, oracle = RWCCallback(every=1), RWCCallback(every=1), Oracle("step")
    third = RWCCallback(every=2, measures="l2_ratio")
    fit(model, one, oracle, two, third)
    for callback in (one, two):
        oracle.check(callback.recording)
    assert third.recording.steps.tolist() == [2, 4, 6, 8, 10, 12]
    oracle.check(third.recording, kept=[0, 2, 4, 6, 8, 10, 12])
    fit(model)
    assert len(one.recording) == len(two.recording) == 12


@case()
def no_snapshot_stays_with_the_model():
    model = network()
    callback = RWCCallback(every=1)
    fit(model, callback)
    weights = weakref.ref(callback._recorder._weights)
    del callback
    gc.collect()
    assert weights() is None

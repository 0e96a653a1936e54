"""Loops by hand, several optimizers, and weights set from outside."""

import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pytest
from keras import layers
from recording.battery.helpers import Oracle, case, compiled, fit, network
from recording.loops import by_hand, descend, stack

from tfrwc import RWCCallback, load_recording
from tfrwc.recording import Flag


@case()
def an_optimizer_of_ones_own_in_a_loop_of_ones_own():
    for every, kept in (("epoch", range(0, 13, 4)), (2, range(0, 13, 2))):
        model, optimizer = stack(), keras.optimizers.SGD(0.05)
        callback, oracle = RWCCallback(every=every), Oracle("step")
        by_hand([callback, oracle], model, partial(descend, model, optimizer))
        recording = callback.recording
        assert recording.steps.tolist() == [*kept][1:]
        oracle.check(recording, kept=kept)
        assert list(recording.logs) == ["loss"]


@case()
def train_on_batch():
    model, callback, oracle = compiled(stack()), RWCCallback(every=3), Oracle("step")
    by_hand([callback, oracle], model, model.train_on_batch)
    assert callback.recording.steps.tolist() == [3, 6, 9, 12]
    oracle.check(callback.recording, kept=range(0, 13, 3))
    np.testing.assert_allclose(callback.recording.logs["learning_rate"], 0.05)


class Adversaries(keras.Model):
    """Two networks with an optimizer each, the second used at every other batch."""

    def __init__(self, where):
        super().__init__()
        self.first, self.second = stack(), stack()
        one, two = keras.optimizers.SGD(0.05), keras.optimizers.Adam(0.01)
        if where == "attributes":
            self.d_optimizer, self.g_optimizer = one, two
        elif where == "list":
            self.both = [one, two]
        elif where == "dict":
            self.both = {"d": one, "g": two}
        elif where == "networks":
            self.first.optimizer, self.second.optimizer = one, two
        # Hidden in a function, where nothing can find them.
        self.steps = lambda: ((self.first, one), (self.second, two))
        self.batches = 0

    def step(self, x, y):
        self.batches += 1
        first, second = self.steps()
        loss = descend(*first, x, y)
        return loss if self.batches % 2 else descend(*second, x, y)


def adversaries(where, names, every, compile_it):
    model = Adversaries(where)
    if compile_it:
        model.compile()
    callback, oracle = RWCCallback(every=every), Oracle("step")
    by_hand([callback, oracle], model, model.step, steps=4)
    recording = callback.recording
    kept = [*range(0, 13, 4 if every == "epoch" else every)]
    assert recording.steps.tolist() == kept[1:]
    oracle.check(recording, kept=kept)
    logs = recording.logs
    rates = [name for name in logs if name.startswith("learning_rate")]
    assert rates == [f"learning_rate.{name}" for name in names]
    if names:
        assert logs[f"updates.{names[0]}"].tolist() == kept[1:]
        np.testing.assert_allclose(logs[rates[0]], 0.05, rtol=1e-6)
        np.testing.assert_allclose(logs[rates[1]], 0.01, rtol=1e-6)


@case()
def optimizers_elsewhere():
    for where, names in {
        "attributes": ("d_optimizer", "g_optimizer"),
        "list": ("both.0", "both.1"),
        "dict": ("both.d", "both.g"),
        "networks": ("first.optimizer", "second.optimizer"),
        "nowhere": (),
    }.items():
        adversaries(where, names, every=2, compile_it=where != "list")
    adversaries("attributes", ("d_optimizer", "g_optimizer"), "epoch", True)
    adversaries("nowhere", (), "epoch", True)


@case()
def a_recording_of_other_optimizers_is_gone_on_with():
    for where, initial_epoch in (("attributes", 0), ("nowhere", 3)):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "run.parquet"
            model = Adversaries(where)
            model.compile()
            for epoch in (0, initial_epoch):
                callback = RWCCallback(path, every=2)
                listed = keras.callbacks.CallbackList([callback], model=model, steps=4)
                listed.on_train_begin()
                for e in range(epoch, epoch + 3):
                    listed.on_epoch_begin(e)
                    for number in range(4):
                        x, y = np.ones((8, 4), "f4"), np.ones((8, 2), "f4")
                        model.step(x, y)
                        listed.on_train_batch_end(number)
                    listed.on_epoch_end(e)
                listed.on_train_end()
            recording = load_recording(path)
            assert recording.steps.tolist() == [*range(2, 25, 2)], where
            assert recording.epochs.tolist() == sorted([*range(1, 7)] * 2)


def fit_and_catch(*arguments, **options):
    """Fit, and return what was said of weights set from outside."""
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        fit(*arguments, **options)
    return [str(m.message) for m in messages if "SET_FROM_OUTSIDE" in str(m.message)]


@case()
def weights_set_between_fits():
    rng = np.random.default_rng(0)

    def other(model):
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])

    def pruned(model):
        kernel = model.layers[0].kernel
        now = keras.ops.convert_to_tensor(kernel)
        kernel.assign(keras.ops.where(keras.ops.abs(now) < 0.2, 0, now))

    def turned(model):  # the same numbers in another order
        kernel = model.layers[0].kernel
        kernel.assign(keras.ops.flip(keras.ops.convert_to_tensor(kernel), axis=1))

    def recompiled_and_set(model):
        other(compiled(model))

    for change in (other, pruned, turned, recompiled_and_set):
        for every in ("epoch", 4, 3):
            set_between_fits(change, every, "previous")
    set_between_fits(other, "epoch", "initial")


def set_between_fits(change, every, reference):
    model = network()
    first = np.array(model.get_weights()[0])
    callback = RWCCallback(every=every, reference=reference)
    fit(model, callback, epochs=2)
    change(model)
    new = RWCCallback(every=every)
    messages = fit_and_catch(model, callback, new, epochs=1)
    assert len(messages) == 1
    values, flags = callback.recording.values(), callback.recording.flags()
    assert (flags[2] == Flag.SET_FROM_OUTSIDE).all()
    assert (np.delete(flags, 2, axis=0) == Flag.OK).all()
    if reference == "initial":
        now = np.array(model.get_weights()[0])
        moved = np.abs(now - first).sum() / np.abs(first).sum()
        np.testing.assert_allclose(values[2, 0], moved, rtol=1e-5)
    elif new.recording.steps[-1] == callback.recording.steps[-1]:
        np.testing.assert_allclose(values[2:], new.recording.values())


@case()
def weights_that_stay_between_fits_go_on():
    for every in ("epoch", 3):
        model, callback = network(), RWCCallback(every=every)
        oracle = Oracle("step")
        assert not fit_and_catch(model, callback, oracle, epochs=2)
        model.evaluate(np.ones((8, 4)), np.ones((8, 2)), verbose=0)
        compiled(model)
        assert not fit_and_catch(model, callback, oracle, epochs=1)
        oracle.check(callback.recording, range(0, 13, 4 if every == "epoch" else 3))


@case()
def best_weights_restored_by_early_stopping():
    for before in (True, False):
        stop = keras.callbacks.EarlyStopping(
            "loss", mode="max", patience=1, restore_best_weights=True
        )
        model, callback = network(), RWCCallback()
        fit(model, *([stop, callback] if before else [callback, stop]), epochs=9)
        new = RWCCallback()
        assert len(fit_and_catch(model, callback, new, epochs=1)) == 1
        assert (callback.recording.flags()[-1] == Flag.SET_FROM_OUTSIDE).all()
        np.testing.assert_allclose(
            callback.recording.values()[-1], new.recording.values()[-1]
        )


@case()
def a_layer_removed_between_fits():
    x = layers.Input((4,))
    base = layers.Dense(8, "tanh")
    callback = RWCCallback()
    fit(compiled(keras.Model(x, layers.Dense(2)(base(x)))), callback, epochs=2)
    fit(compiled(keras.Model(x, layers.Dense(2)(base(x)))), callback, epochs=1)
    values, flags = callback.recording.values(), callback.recording.flags()
    assert flags.tolist() == [
        [Flag.OK, Flag.OK, Flag.NOT_WATCHED],
        [Flag.OK, Flag.OK, Flag.NOT_WATCHED],
        [Flag.OK, Flag.NOT_WATCHED, Flag.OK],
    ]
    np.testing.assert_array_equal(np.isnan(values), flags != Flag.OK)


@case()
def not_built():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Dense(8), layers.Dense(2)])
    optimizer = keras.optimizers.SGD(0.05)

    def train():
        by_hand(
            [RWCCallback()], model, lambda x, y: model(x) is None, epochs=2, steps=4
        )

    if keras.backend.backend() == "tensorflow":
        with pytest.warns(RuntimeWarning, match="begins only here"):
            train()
    else:
        with pytest.raises(ValueError, match="not built"):
            train()
    assert optimizer


@case()
def missing_calls():
    for every in ("epoch", 1):
        for skip in (
            {"on_train_begin"},
            {"on_epoch_begin"},
            {"on_train_begin", "on_epoch_begin"},
            {"on_train_end"},
            {"on_epoch_end"},
            {"on_train_batch_end"},
        ):
            missing(every, skip)


def missing(every, skip):
    model, callback = compiled(stack()), RWCCallback(every=every)
    with warnings.catch_warnings(record=True) as messages:
        warnings.simplefilter("always")
        by_hand([callback], model, model.train_on_batch, skip=skip, epochs=3)
    late = any("begins only here" in str(m.message) for m in messages)
    assert late == ("on_epoch_begin" in skip), (skip, messages)
    # That a step was made is told by the train function itself.
    lost = {"epoch": {"on_epoch_end"}, 1: set()}[every]
    expected = [*range(1, 13)] if every == 1 else [4, 8, 12]
    expected = [] if skip & lost else expected[late:]
    assert callback.recording.steps.tolist() == expected, (every, skip)


@case()
def a_loop_without_a_model_is_told_so():
    with TemporaryDirectory() as folder:
        callback = RWCCallback(Path(folder) / "run.parquet")
        with pytest.raises(ValueError, match=r"has no model yet.*set_model"):
            callback.on_train_begin()
        callback.set_model(stack())
        callback.on_train_begin()
        callback.on_train_end()


@case()
def a_layer_in_a_loop_of_ones_own():
    with TemporaryDirectory() as folder:
        layer, path = keras.layers.Dense(2), Path(folder) / "run.parquet"
        layer.build((None, 4))
        callback = RWCCallback(path, every=1)
        callback.set_model(layer)
        callback.on_train_begin()
        callback.on_epoch_begin(0)
        for batch in range(3):
            layer.kernel.assign(2 * layer.kernel)
            callback.on_train_batch_end(batch)
        callback.on_epoch_end(0)
        callback.on_train_end()
        assert load_recording(path).values().tolist() == [[1.0]] * 3

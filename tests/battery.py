"""Cases of recording, for every backend: `python battery.py RESULTS.json [CASE ...]`.

Each case is a real `fit` (or several) whose recording is compared with NumPy's
account of the weights before and after. `test_battery.py` runs this module once for
each backend and reads the results: for each case "" if it passed, or why it failed.
"""

import json
import os
import sys
import time
import traceback
import warnings
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest
from keras import layers

from tfrwc import RWCCallback, load_recording
from tfrwc.dynamics import MEASURES, relative_change
from tfrwc.recording import (
    AtSteps,
    EverySteps,
    Flag,
    LogarithmicSteps,
    _backends,
    watch,
)
from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.host import HostMeasures

BACKENDS = ("tensorflow", "jax", "torch")
CASES = {}


def case(*backends):
    """Register a case, for these backends or for all."""

    def register(function):
        CASES[function.__name__] = (function, backends or BACKENDS)
        return function

    return register


class Oracle(keras.callbacks.Callback):
    """Keeps copies of the watched weights, and compares a recording with them."""

    def __init__(self, every="epoch", watch="kernels"):
        super().__init__()
        self.watch, self.history = watch, []
        if every == "step":
            self.on_train_batch_end = lambda batch, logs=None: self.keep()
        else:
            self.on_epoch_end = lambda epoch, logs=None: self.keep()

    def on_epoch_begin(self, epoch, logs=None):
        if not self.history:
            self.keep()

    def keep(self):
        tensors = watch.watched(self.model, self.watch)
        self.history.append(
            [
                np.array(keras.ops.convert_to_numpy(tensor.variable), np.float64)
                for tensor in tensors
            ]
        )

    def check(self, recording, kept=None, reference="previous", layers=slice(None)):
        """The recording's values are those between the weights numbered `kept`."""
        kept = kept or range(len(self.history))
        weights = [self.history[i] for i in kept]
        if reference == "previous":
            pairs = list(pairwise(weights))
        else:
            pairs = [(weights[0], now) for now in weights[1:]]
        for measure in recording.measures:
            expected = np.array(
                [
                    [relative_change(a, b, measure) for a, b in zip(*p, strict=True)]
                    for p in pairs
                ]
            )
            # The angle between nearly parallel vectors of float32 is rounding.
            np.testing.assert_allclose(
                recording.values(measure)[:, layers],
                expected[:, layers],
                rtol=1e-5,
                atol=1e-10 if measure == "cosine" else 0,
                err_msg=measure,
            )
            known = np.isfinite(expected)
            flags = recording.flags(measure)[:, layers]
            np.testing.assert_array_equal(flags == Flag.OK, known)


def data(n=64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, 4)).astype("float32")
    return x, x @ rng.normal(size=(4, 2)).astype("float32")


def network(build=True, **options):
    keras.utils.set_random_seed(0)
    stack = [layers.Dense(8, "tanh"), layers.BatchNormalization(), layers.Dense(2)]
    return compiled(
        keras.Sequential([layers.Input((4,)), *stack] if build else stack), **options
    )


def compiled(model, **options):
    options = {"optimizer": keras.optimizers.SGD(0.05), "loss": "mse"} | options
    options.setdefault("jit_compile", False if _backends.BACKEND != "jax" else "auto")
    model.compile(**options)
    return model


def fit(model, *callbacks, epochs=3, n=64, **options):
    x, y = data(n)
    options = {"batch_size": 16, "verbose": 0, "shuffle": False} | options
    return model.fit(x, y, epochs=epochs, callbacks=list(callbacks), **options)


class Killed(BaseException):
    """Ends a training as a signal would: nothing expects it."""


class KillAt(keras.callbacks.Callback):
    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            raise Killed


@contextmanager
def policy(name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


# ------------------------------------------------------------------ measures


@case()
def needs_no_tensorflow():
    # First: `keras.utils.set_random_seed`, used below, imports TensorFlow.
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    callback = RWCCallback(every=1)
    fit(compiled(model), callback)
    assert len(callback.recording) == 12
    loaded = "tensorflow" in sys.modules
    assert loaded == (_backends.BACKEND == "tensorflow")


@case()
def every_measure_of_every_weight():
    callback, oracle = RWCCallback(measures=MEASURES, watch="all"), Oracle(watch="all")
    fit(network(), callback, oracle)
    oracle.check(callback.recording)
    assert callback.recording.values().shape == (3, 8)


@case()
def against_the_initial_weights():
    callback, oracle = RWCCallback(measures=MEASURES, reference="initial"), Oracle()
    fit(network(), callback, oracle)
    oracle.check(callback.recording, reference="initial")


@case()
def on_the_device():
    """As on an accelerator: by compiled calls."""
    in_host_memory = _backends.in_host_memory
    _backends.in_host_memory = lambda variables: False
    try:
        every_measure_of_every_weight()
        against_the_initial_weights()
        restart_against_the_initial_weights()
        low_precision("bfloat16")
    finally:
        _backends.in_host_memory = in_host_memory


@case()
def tensors_of_many_blocks_and_pieces():
    """Sizes around those at which the work is cut."""
    from tfrwc.recording import blocks, host

    sizes = (1, blocks._BLOCK, blocks._BLOCK + 1, host._ALONE, host._PIECE + 3)
    rng = np.random.default_rng(0)
    before = [rng.normal(size=n).astype("float32") for n in sizes]
    now = [(b + 0.01 * rng.normal(size=b.size)).astype("float32") for b in before]
    for measures in (MEASURES[:3], MEASURES):
        variables = [keras.Variable(b) for b in before]
        weights = host.HostMeasures(variables, measures)
        weights.snapshot()
        for variable, new in zip(variables, now, strict=True):
            variable.assign(new)
        [values], _ = weights.finish([weights.measure()])
        for row, measure in zip(values, measures, strict=True):
            pairs = zip(before, now, strict=True)
            expected = [relative_change(a, b, measure) for a, b in pairs]
            np.testing.assert_allclose(row, expected, rtol=1e-5, err_msg=measure)
        for snapshot, new in zip(weights.snapshots, now, strict=True):
            np.testing.assert_array_equal(snapshot, new)


@case()
def a_thousand_tensors():
    """The first record, with all that is traced and compiled for it, within 10 s."""
    rng = np.random.default_rng(0)
    shapes = [(16, 16), (3, 3, 4, 8), (64, 4)] * 334
    variables = [keras.Variable(rng.normal(size=shape)) for shape in shapes]
    for kind in (HostMeasures, DeviceMeasures):
        weights = kind(variables, ("l1_ratio",))
        weights.snapshot()
        for variable in variables:
            variable.assign(variable * 1.5)
        began = time.perf_counter()
        [values], _ = weights.finish([weights.measure()])
        assert time.perf_counter() - began < 10
        np.testing.assert_allclose(values, np.full((1, len(shapes)), 0.5), rtol=1e-5)


# ------------------------------------------------------------ kinds of models


class Branching(keras.Model):
    def __init__(self):
        super().__init__()
        self.first = layers.Dense(8)
        self.inner = keras.Sequential([layers.Dense(8), layers.Dense(8)])
        self.shared = layers.Dense(8)
        self.out = layers.Dense(2)

    def call(self, x):
        return self.out(self.shared(self.shared(self.inner(self.first(x)))))


@case()
def nested_and_shared_layers():
    x = layers.Input((4,))
    twice = layers.Dense(4)
    inner = keras.Sequential([layers.Input((4,)), layers.Dense(4)])
    model = keras.Model(x, layers.Dense(2)(twice(twice(inner(x)))))
    callback, oracle = RWCCallback(watch="trainable"), Oracle(watch="trainable")
    fit(compiled(model), callback, oracle)
    oracle.check(callback.recording)
    assert callback.recording.values().shape == (3, 6)


@case()
def built_by_fit():
    built, unbuilt = RWCCallback(), RWCCallback()
    fit(network(), built)
    fit(network(build=False), unbuilt)
    np.testing.assert_allclose(
        unbuilt.recording.values(), built.recording.values(), rtol=1e-4
    )
    subclassed = RWCCallback()
    fit(compiled(Branching()), subclassed)
    assert (subclassed.recording.values() > 0).all()


@case("tensorflow", "jax")
def compiled_step():
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(network(jit_compile=True), callback, oracle)
    oracle.check(callback.recording)


@case()
def eager_step():
    callback, oracle = RWCCallback(every=1), Oracle("step")
    fit(network(run_eagerly=True), callback, oracle)
    oracle.check(callback.recording)


@case()
def custom_train_step():
    class Custom(keras.Sequential):
        if _backends.BACKEND == "tensorflow":

            def train_step(self, batch):
                import tensorflow as tf

                x, y = batch
                with tf.GradientTape() as tape:
                    loss = keras.ops.mean((self(x, training=True) - y) ** 2)
                weights = self.trainable_variables
                self.optimizer.apply(tape.gradient(loss, weights), weights)
                return {"own": loss}

        elif _backends.BACKEND == "jax":

            def loss_of(self, trained, rest, x, y):
                out, rest = self.stateless_call(trained, rest, x, training=True)
                return keras.ops.mean((out - y) ** 2), rest

            def train_step(self, state, batch):
                import jax

                trained, rest, own, metrics = state
                gradient = jax.value_and_grad(self.loss_of, has_aux=True)
                (loss, rest), slopes = gradient(trained, rest, *batch)
                trained, own = self.optimizer.stateless_apply(own, slopes, trained)
                return {"own": loss}, (trained, rest, own, metrics)

        else:

            def train_step(self, batch):
                import torch

                x, y = batch
                self.zero_grad()
                loss = keras.ops.mean((self(x, training=True) - y) ** 2)
                loss.backward()
                weights = list(self.trainable_weights)
                with torch.no_grad():
                    self.optimizer.apply([w.value.grad for w in weights], weights)
                return {"own": loss}

    keras.utils.set_random_seed(0)
    model = Custom([layers.Input((4,)), layers.Dense(8, "tanh"), layers.Dense(2)])
    callback, oracle = RWCCallback(every=2), Oracle("step")
    fit(compiled(model), callback, oracle)
    oracle.check(callback.recording, kept=range(0, 13, 2))
    assert "own" in callback.recording.logs


# ---------------------------------------------------------- when, and how often


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
    rates = np.array([0.05, 0.025, 0.0125])
    np.testing.assert_allclose(recording.logs["learning_rate"], rates, rtol=1e-6)
    np.testing.assert_allclose(
        recording.per_learning_rate(), recording.values() / rates[:, None], rtol=1e-6
    )
    between = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    callback = RWCCallback(every=4)
    fit(network(), callback, between)
    rates = callback.recording.logs["learning_rate"]
    np.testing.assert_allclose(rates, [0.1, 0.05, 0.1 / 3], rtol=1e-6)


# ------------------------------------------------------------------ precision


@case()
def skipped_steps_of_mixed_precision():
    with policy("mixed_float16"):
        inner = keras.optimizers.SGD(0.05)
        scaled = keras.optimizers.LossScaleOptimizer(inner, initial_scale=8.0)
        model = network(optimizer=scaled)
        x, y = data()
        y[16:32] = 1e30  # the gradients of batch 2 overflow
        by_step, by_epoch = RWCCallback(every=1), RWCCallback()
        oracle = Oracle("step")
        model.fit(
            x,
            y,
            16,
            epochs=2,
            verbose=0,
            shuffle=False,
            callbacks=[by_step, by_epoch, oracle],
        )
    # Batches 2 and 6 are skipped: no update, and so no record of a layer at rest.
    recording = by_step.recording
    assert recording.steps.tolist() == [1, 2, 3, 4, 5, 6]
    assert recording.logs["skipped_steps"].tolist() == [0, 1, 0, 0, 1, 0]
    assert (recording.values() > 0).all()
    assert np.isfinite(recording.values()).all()
    oracle.check(recording, kept=[0, 1, 3, 4, 5, 7, 8])
    assert recording.logs["loss_scale"].tolist() == [8, 4, 4, 4, 2, 2]
    recording = by_epoch.recording
    assert recording.steps.tolist() == [3, 6]
    assert recording.logs["skipped_steps"].tolist() == [1, 1]


def low_precision(dtype):
    """Sums in the weights' own precision would be off by about its rounding."""
    with policy(dtype):
        model = network()
        every, one, oracle = RWCCallback(measures=MEASURES), RWCCallback(), Oracle()
        fit(model, every, one, oracle)
    assert str(model.layers[0].kernel.dtype) == dtype
    for callback in (every, one):
        oracle.check(callback.recording)
        assert (callback.recording.values() > 0).all()


@case()
def bfloat16_weights():
    low_precision("bfloat16")


@case()
def float16_weights():
    low_precision("float16")


@case()
def float64_weights():
    low_precision("float64")


# ------------------------------------------- weights that others create or move


@case()
def lora_enabled_before_and_between_fits():
    model = network()
    model.layers[0].enable_lora(2)
    callback = RWCCallback()
    fit(compiled(model), callback, epochs=2)
    names = [path.split("/")[-1] for path in callback.recording.layers["path"]]
    assert names == ["kernel", "lora_kernel_a", "lora_kernel_b", "kernel"]
    values, flags = callback.recording.values(), callback.recording.flags()
    assert (values[:, 0] == 0).all()
    assert (values[:, 1] > 0).all()
    assert flags[:, 2].tolist() == [Flag.ZERO_DENOMINATOR, Flag.OK]
    model.layers[2].enable_lora(2)
    fit(compiled(model), callback, epochs=1)
    recording = callback.recording
    assert len(recording.layers) == 6
    assert (recording.flags()[:2, 4:] == Flag.NOT_WATCHED).all()
    np.testing.assert_array_equal(recording.values()[:2, :4], values)
    assert recording.values()[2, 3] == 0
    assert recording.values()[2, 4] > 0


@case()
def swapped_moving_averages():
    def run(order, **options):
        optimizer = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9)
        callback, oracle = RWCCallback(), Oracle()
        swap = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
        mine = [callback, oracle]
        callbacks = [*mine, swap] if order == "before" else [swap, *mine]
        fit(network(optimizer=optimizer), *callbacks, **options)
        oracle.check(callback.recording)
        return callback.recording.values()

    plain = RWCCallback()
    fit(network(), plain)
    np.testing.assert_allclose(run("before"), plain.recording.values(), rtol=1e-5)
    averages = run("after")
    assert (averages[0] < plain.recording.values()[0]).all()


@case()
def weights_that_change_when_training_ends():
    """Early stopping restores weights, and averages replace them, after the end."""
    optimizer = keras.optimizers.SGD(0.05, use_ema=True, ema_momentum=0.9)
    stop = keras.callbacks.EarlyStopping(
        "loss", mode="max", patience=1, restore_best_weights=True
    )
    callback, oracle = RWCCallback(), Oracle()
    with TemporaryDirectory() as folder:
        saved = RWCCallback(Path(folder) / "run.parquet")
        fit(network(optimizer=optimizer), stop, callback, saved, oracle, epochs=9)
        assert len(load_recording(saved.path)) == 2
    assert callback.recording.epochs.tolist() == [1, 2]
    oracle.check(callback.recording)


@case()
def two_fits_and_frozen_layers():
    model, callback = network(), RWCCallback()
    model.layers[0].trainable = False
    fit(compiled(model), callback, epochs=2)
    model.layers[0].trainable = True
    fit(compiled(model), callback, epochs=1)
    recording = callback.recording
    assert recording.epochs.tolist() == [1, 2, 3]
    assert recording.values()[:, 0].tolist()[:2] == [0, 0]
    assert recording.values()[2, 0] > 0


# -------------------------------------------------------------------- faults


@case()
def exception_in_the_middle():
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.parquet"
        callback, in_memory = RWCCallback(path, every=2), RWCCallback(every=2)
        oracle = Oracle("step")
        model = network()
        with pytest.raises(Killed):
            fit(model, callback, in_memory, oracle, KillAt(7))
        assert callback.recording.steps.tolist() == [2, 4, 6]
        # In the second epoch, which never ended.
        assert load_recording(path).steps.tolist() == [2, 4, 6]
        oracle.check(load_recording(path), kept=[0, 2, 4, 6])
        fit(model, callback, in_memory, oracle, epochs=1)
        assert callback.recording.steps.tolist() == [2, 4, 6, 8, 10]
        assert in_memory.recording.steps.tolist() == [2, 4, 6, 8, 10]
        assert load_recording(path).steps.tolist() == [2, 4, 6, 8, 10]
        oracle.check(load_recording(path), kept=[0, 2, 4, 6, 8, 10])
        assert not path.with_name("run.parquet.journal").exists()


def restart(every, save_freq, kill_at, reference="previous"):
    """A recording that was cut off and gone on with, and one that was not."""
    with TemporaryDirectory() as folder:
        path, backup = Path(folder) / "run.parquet", f"{folder}/backup"

        def train(*more):
            callback = RWCCallback(path, every=every, reference=reference)
            back = keras.callbacks.BackupAndRestore(backup, save_freq=save_freq)
            fit(network(), callback, back, *more, n=16, batch_size=4, epochs=3)

        with pytest.raises(Killed):
            train(KillAt(kill_at))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            train()
        whole = RWCCallback(every=every, reference=reference)
        fit(network(), whole, n=16, batch_size=4, epochs=3)
        return load_recording(path), whole.recording, [str(w.message) for w in caught]


@case()
def backup_and_restore_by_epochs():
    recording, whole, _ = restart("epoch", "epoch", kill_at=10)
    assert recording.steps.tolist() == whole.steps.tolist() == [4, 8, 12]
    assert recording.epochs.tolist() == [1, 2, 3]
    np.testing.assert_allclose(recording.values(), whole.values(), rtol=1e-5)


@case()
def backup_and_restore_within_an_epoch():
    # Killed at step 11; the backup is of step 9. Keras begins epoch 3 again.
    recording, whole, messages = restart(1, save_freq=3, kill_at=11)
    assert recording.steps.tolist() == list(range(1, 14))
    assert recording.epochs.tolist() == [1] * 4 + [2] * 4 + [3] * 5
    assert any("Dropped the last 2 records" in message for message in messages)
    np.testing.assert_allclose(recording.values()[:9], whole.values()[:9], rtol=1e-5)
    assert (recording.values() > 0).all()


@case()
def backup_and_restore_within_the_first_epoch():
    recording, _, _ = restart(1, save_freq=2, kill_at=3)
    assert recording.steps.tolist() == list(range(1, 15))
    assert recording.epochs.tolist() == [1] * 6 + [2] * 4 + [3] * 4


@case()
def backup_between_records_is_announced():
    recording, _, messages = restart(4, save_freq=3, kill_at=11)
    assert recording.steps.tolist() == [4, 8, 12]
    assert any("since step 9 only" in message for message in messages)


@case()
def restart_against_the_initial_weights():
    recording, whole, _ = restart("epoch", "epoch", 10, reference="initial")
    assert recording.steps.tolist() == [4, 8, 12]
    np.testing.assert_allclose(recording.values(), whole.values(), rtol=1e-5)


# -------------------------------------------------------------- distribution


@case("tensorflow")
def mirrored_strategy():
    import tensorflow as tf

    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    assert strategy.num_replicas_in_sync == 2
    for build in (True, False):
        with strategy.scope():
            model = network(build=build)
        by_epoch = RWCCallback(measures=MEASURES, watch="all")
        by_step = RWCCallback(every=2)
        every_epoch, every_step = Oracle(watch="all"), Oracle("step")
        fit(model, by_epoch, by_step, every_epoch, every_step)
        every_epoch.check(by_epoch.recording)
        every_step.check(by_step.recording, kept=range(0, 13, 2))


def distributed(distribution, device):
    """Values under a distribution of JAX, where it is expected to measure."""
    keras.distribution.set_distribution(distribution)
    try:
        model = network()
        callback, oracle = RWCCallback(measures=MEASURES, watch="all"), Oracle()
        oracle.watch = "all"
        by_step, every_step = RWCCallback(every=2), Oracle("step")
        fit(model, callback, oracle, by_step, every_step)
        oracle.check(callback.recording)
        every_step.check(by_step.recording, kept=range(0, 13, 2))
        assert type(callback._weights).__name__ == device
        return model
    finally:
        keras.distribution.set_distribution(None)


@case("jax")
def data_parallel():
    for count in (2, 4):
        devices = keras.distribution.list_devices()[:count]
        distributed(keras.distribution.DataParallel(devices=devices), "HostMeasures")


@case("jax")
def model_parallel():
    for shape in ((1, 2), (2, 2), (1, 4)):
        devices = keras.distribution.list_devices()[: shape[0] * shape[1]]
        mesh = keras.distribution.DeviceMesh(shape, ("batch", "model"), devices)
        layout = keras.distribution.LayoutMap(mesh)
        layout[".*kernel"] = ("model", None)
        parallel = keras.distribution.ModelParallel(
            layout_map=layout, batch_dim_name="batch"
        )
        model = distributed(parallel, "DeviceMeasures")
        assert not model.layers[0].kernel.value.is_fully_replicated


# ------------------------------------------------------------- same on all three


@case()
def fixed_weights():
    """Values for weights that are the same under each backend; in RESULTS.json."""
    rng = np.random.default_rng(1)
    sets = [
        [rng.normal(size=shape).astype("float32") for shape in ((4, 8), (8, 2))]
        for _ in range(4)
    ]
    sets[2][0][:2] = sets[1][0][:2]  # partly at rest
    sets[3][1] *= np.float32(1 + 1e-4)

    class Move(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            kernels = [
                tensor.variable for tensor in watch.watched(self.model, "kernels")
            ]
            for kernel, value in zip(kernels, sets[epoch], strict=True):
                kernel.assign(value)

    model = network(optimizer=keras.optimizers.SGD(0.0))
    callback = RWCCallback(measures=MEASURES)
    fit(model, callback, Move(), epochs=4)
    recording = callback.recording
    for measure in MEASURES:
        for i in (1, 2, 3):
            expected = [
                relative_change(a, b, measure)
                for a, b in zip(sets[i - 1], sets[i], strict=True)
            ]
            np.testing.assert_allclose(
                recording.values(measure)[i], expected, rtol=1e-5
            )
    return {m: recording.values(m)[1:].tolist() for m in MEASURES}


def main(path, *names):
    if _backends.BACKEND == "tensorflow":
        import tensorflow as tf

        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
    results = {}
    for name, (function, backends) in CASES.items():
        if _backends.BACKEND not in backends or (names and name not in names):
            continue
        try:
            results[name] = function() or ""
        except Exception:
            results[name] = traceback.format_exc()
    Path(path).write_text(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])

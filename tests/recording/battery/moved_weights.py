"""Weights that something else than the optimizer creates, freezes or moves."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
from recording.battery.helpers import Oracle, case, compiled, fit, network

from tfrwc import RWCCallback, load_recording
from tfrwc.recording import Flag


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
    # `compile` made a new optimizer, whose count begins again.
    assert recording.steps.tolist() == [4, 8, 12]
    assert recording.values()[:, 0].tolist()[:2] == [0, 0]
    assert recording.values()[2, 0] > 0


class Doubling(keras.callbacks.Callback):
    """Sets weights at the end of the second epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.model.set_weights([2 * w for w in self.model.get_weights()])


@case()
def what_callbacks_set_within_a_fit_belongs_to_the_record():
    for every in ("epoch", 4):  # steps in an epoch
        callback, oracle = RWCCallback(every=every), Oracle()
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            fit(network(), callback, oracle, Doubling(), epochs=4)
        oracle.check(callback.recording)

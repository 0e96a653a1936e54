"""Weights and steps of low precision."""

import keras
import numpy as np
from recording.battery.helpers import Oracle, case, data, fit, network, policy

from tfrwc import RWCCallback
from tfrwc.dynamics import MEASURES


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

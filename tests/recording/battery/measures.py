"""Every measure of every weight, however the work is cut."""

import sys
import time
from itertools import pairwise

import keras
import numpy as np
from keras import layers
from recording.battery.helpers import Oracle, case, compiled, fit, network

from tfrwc import RWCCallback
from tfrwc.dynamics import MEASURES, relative_change
from tfrwc.recording import backends, watch
from tfrwc.recording.device import DeviceMeasures
from tfrwc.recording.host import HostMeasures


@case()
def needs_no_tensorflow():
    # First: `keras.utils.set_random_seed`, used below, imports TensorFlow.
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    callback = RWCCallback(every=1)
    fit(compiled(model), callback)
    assert len(callback.recording) == 12
    loaded = "tensorflow" in sys.modules
    assert loaded == (backends.BACKEND == "tensorflow")


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
def tensors_of_many_blocks_and_pieces():
    """Sizes around those at which the work is cut."""
    from tfrwc.recording import blocks, host

    sizes = (1, blocks._BLOCK, blocks._BLOCK + 1, host._ALONE, host._PIECE + 3)
    rng = np.random.default_rng(0)
    history = [[rng.normal(size=n).astype("float32") for n in sizes]]
    for scale in (0.01, 2.0, 0.01):  # so that the sizes of the weights change, too
        change = [scale * rng.normal(size=n) for n in sizes]
        moved = zip(history[-1], change, strict=True)
        history.append([(a + d).astype("float32") for a, d in moved])
    for measures in (MEASURES[:1], MEASURES[:3], MEASURES):
        variables = [keras.Variable(weight) for weight in history[0]]
        weights = host.HostMeasures(variables, measures)
        weights.snapshot()
        for before, now in pairwise(history):
            for variable, new in zip(variables, now, strict=True):
                variable.assign(new)
            [values], _ = weights.finish([weights.measure()])
            for row, measure in zip(values, measures, strict=True):
                pairs = zip(before, now, strict=True)
                expected = [relative_change(a, b, measure) for a, b in pairs]
                # One weight has no direction to turn to; what is left is rounding,
                # squared.
                np.testing.assert_allclose(row, expected, 1e-5, 1e-14, err_msg=measure)
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

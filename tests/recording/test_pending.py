"""Records between the device and the recording."""

import warnings

import keras
import numpy as np
from recording.networks import fit, small

from tfrwc import RWCCallback
from tfrwc.recording import Flag


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

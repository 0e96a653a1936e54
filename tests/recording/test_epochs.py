"""Numbers of epochs over several calls of `fit`."""

import numpy as np
from recording.networks import Weights, fit, small

from tfrwc import RWCCallback


def test_two_fits_make_one_recording():
    model, callback, oracle = small(), RWCCallback(), Weights()
    fit(model, callback, oracle, epochs=2)
    fit(model, callback, oracle, epochs=3)
    recording = callback.recording
    assert recording.epochs.tolist() == [1, 2, 3, 4, 5]
    assert recording.steps.tolist() == [4, 8, 12, 16, 20]
    expected = oracle.expected("l1_ratio")[:, [0, 2]]
    np.testing.assert_allclose(recording.values(), expected, rtol=1e-5)


def test_epochs_go_on_with_initial_epoch():
    model, callback = small(), RWCCallback()
    fit(model, callback, epochs=2)
    fit(model, callback, epochs=4, initial_epoch=2)
    assert callback.recording.epochs.tolist() == [1, 2, 3, 4]

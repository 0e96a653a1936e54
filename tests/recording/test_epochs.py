"""Numbers of epochs over several calls of `fit`."""

import numpy as np
import pytest
from recording.networks import Weights, fit, small

from tfrwc import RWCCallback
from tfrwc.recording.epochs import EpochCounter


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


@pytest.mark.parametrize("new_fit", [False, True])
def test_an_epoch_that_was_left_in_the_middle_is_not_gone_back_behind(new_fit):
    counter = EpochCounter()
    counter.start_fit()
    counter.start_epoch(1, None)
    if new_fit:
        counter.start_fit()
    counter.start_epoch(0, None)
    assert counter.current == 2
    counter.end_epoch()
    counter.start_epoch(1, None)
    assert counter.current == 3


def test_an_initial_epoch_that_is_too_small_leaves_no_number_out():
    """Tutorials give that of the last epoch, `history.epoch[-1]`, for the next."""
    model, callback = small(), RWCCallback()
    history = fit(model, callback, epochs=3)
    fit(model, callback, epochs=5, initial_epoch=history.epoch[-1])
    assert callback.recording.epochs.tolist() == [1, 2, 3, 4, 5, 6]

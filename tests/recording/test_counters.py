"""What a model's optimizer counts and sets."""

import keras
import numpy as np
from recording.networks import fit, small

from tfrwc import RWCCallback


def test_logs_hold_metrics_and_the_rate_of_the_epoch():
    model, callback = small(), RWCCallback()
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    history = fit(model, callback, schedule, validation_split=0.25)
    logs = callback.recording.logs
    assert list(logs) == [*history.history]
    for name, column in history.history.items():
        np.testing.assert_allclose(logs[name], column, rtol=1e-6)
    np.testing.assert_allclose(logs["learning_rate"], [0.1, 0.05, 0.1 / 3], rtol=1e-6)

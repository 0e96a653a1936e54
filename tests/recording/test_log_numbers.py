"""Numbers of a recording in the logs of Keras."""

import csv
from types import MappingProxyType

import keras
import numpy as np
import pytest
from recording.networks import compiled, small

from tfrwc import RWCCallback
from tfrwc.recording import EveryEpochs

NAMES = [f"rwc_l1_ratio_{name}" for name in ("mean", "median", "largest")]


def fitted(callbacks, epochs=3):
    keras.utils.set_random_seed(0)
    model = compiled(small())
    x = np.random.default_rng(0).normal(size=(32, *model.input_shape[1:]))
    y = np.zeros((32, *model.output_shape[1:]))
    history = model.fit(x, y, 8, epochs=epochs, verbose=0, callbacks=callbacks)
    return history.history


def test_every_logger_gets_them(tmp_path):
    callback = RWCCallback(to_logs=True)
    path = tmp_path / "log.csv"
    history = fitted([callback, keras.callbacks.CSVLogger(str(path))])
    with path.open() as file:
        rows = list(csv.DictReader(file))
    assert {"epoch", "loss", *NAMES} <= set(rows[0])
    values = callback.recording.values().astype(float)
    for name, expected in zip(
        NAMES,
        (values.mean(1), np.median(values, axis=1), values.max(1)),
        strict=True,
    ):
        np.testing.assert_allclose([float(r[name]) for r in rows], expected, rtol=1e-6)
        np.testing.assert_allclose(history[name], expected, rtol=1e-6)


def test_the_recording_keeps_the_logs_of_the_training_alone():
    callback = RWCCallback(to_logs=True)
    fitted([callback])
    assert not [name for name in callback.recording.logs if name.startswith("rwc")]


def test_they_come_only_when_asked_for():
    assert not [name for name in fitted([RWCCallback()]) if name.startswith("rwc")]


def test_an_epoch_without_a_record_has_nan():
    history = fitted([RWCCallback(every=EveryEpochs(2), to_logs=True)])
    assert np.isnan(history[NAMES[0]]).tolist() == [True, False, True]


def test_several_records_of_an_epoch_are_averaged():
    callback = RWCCallback(every=1, to_logs=True)
    history = fitted([callback], epochs=2)
    values = callback.recording.values().astype(float)
    expected = [values[:4].mean(), values[4:].mean()]
    np.testing.assert_allclose(history[NAMES[0]], expected, rtol=1e-6)


def test_two_callbacks_do_not_clash():
    history = fitted([RWCCallback(to_logs=True), RWCCallback(to_logs=True)])
    assert history[NAMES[0]] == pytest.approx(history[f"{NAMES[0]}_2"])


@pytest.mark.filterwarnings("ignore:Left out of the recorded logs")
@pytest.mark.parametrize("logs", [None, 0.5, [0.5], MappingProxyType({"loss": 0.5})])
def test_logs_that_nothing_can_be_added_to_stop_no_training(logs):
    callback = RWCCallback(to_logs=True)
    callback.set_model(small())
    callback.on_train_begin()
    callback.on_epoch_begin(0)
    callback.on_epoch_end(0, logs)
    callback.on_train_end()
    assert len(callback.recording) == 1

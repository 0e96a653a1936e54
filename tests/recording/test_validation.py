"""The numbers of a validation, where a record does not hold them."""

import keras
import numpy as np
import pytest

from tfrwc import RWCCallback, load_recording
from tfrwc.recording.validation import KEY, keep


def fitted(callback, epochs=3):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(40, 3))
    y = x.sum(1)
    return model.fit(
        x,
        y,
        epochs=epochs,
        batch_size=8,
        verbose=0,
        validation_data=(x, y),
        callbacks=[callback],
    )


@pytest.mark.parametrize("every", [2, 5, 7])
def test_records_by_steps_keep_it_beside_them(tmp_path, every):
    history = fitted(RWCCallback(tmp_path / "run.parquet", every=every)).history
    kept = load_recording(tmp_path / "run.parquet").settings[KEY]
    assert [one["step"] for one in kept] == [5, 10, 15]
    assert [one["epoch"] for one in kept] == [1, 2, 3]
    assert [one["val_loss"] for one in kept] == pytest.approx(history["val_loss"])


def test_records_by_epochs_hold_it_themselves():
    callback = RWCCallback()
    history = fitted(callback).history
    assert KEY not in callback.recording.settings
    logged = callback.recording.logs["val_loss"].to_list()
    assert logged == pytest.approx(history["val_loss"])


def test_epochs_without_a_record_keep_it_beside():
    from tfrwc.recording.schedule import EveryEpochs

    callback = RWCCallback(every=EveryEpochs(2))
    fitted(callback)
    recorded = callback.recording
    assert [one["epoch"] for one in recorded.settings[KEY]] == [1, 3]
    assert recorded.epochs.tolist() == [2]


def test_what_is_trained_again_is_validated_again():
    settings = {}
    for step, epoch, loss in ((5, 1, 3.0), (10, 2, 2.0), (5, 1, 4.0)):
        keep(settings, step, epoch, {"val_loss": loss, "loss": 9.0})
    assert settings[KEY] == [{"step": 5, "epoch": 1, "val_loss": 4.0}]
    keep(settings, 10, 2, {"loss": 9.0})
    keep(settings, 10, 2, {"val_loss": float("nan")})
    assert settings[KEY][-1] == {"step": 10, "epoch": 2, "val_loss": None}


def test_a_recording_that_goes_back_forgets_what_came_after():
    callback = RWCCallback(every=2)
    fitted(callback)
    part = callback.recording.since(0)
    part.drop_after(10)
    assert [one["step"] for one in part.settings[KEY]] == [5, 10]
    assert len(callback.recording.settings[KEY]) == 3

"""Exceptions, kills and restarts."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import pytest
from recording.battery.helpers import KillAt, Killed, Oracle, case, fit, network

from tfrwc import RWCCallback, load_recording


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


def restart(every, save_freq, kill_at, reference="previous", aside=0):
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
        kept = sorted(Path(folder).glob("run.cut-off-*.parquet"))
        assert [len(load_recording(path)) for path in kept] == [aside] * bool(aside)
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
    assert any("Dropped the last 2 of" in message for message in messages)
    np.testing.assert_allclose(recording.values()[:9], whole.values()[:9], rtol=1e-5)
    assert (recording.values() > 0).all()


@case()
def killed_before_the_first_backup():
    """The restart begins anew, and what was recorded is kept beside it."""
    recording, whole, messages = restart(1, save_freq="epoch", kill_at=3, aside=3)
    assert recording.steps.tolist() == whole.steps.tolist()
    np.testing.assert_allclose(recording.values(), whole.values(), rtol=1e-5)
    assert any("now in run.cut-off-1.parquet" in message for message in messages)


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

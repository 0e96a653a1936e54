"""Copies of callbacks, as tuners and cross-validation make them."""

import copy
import pickle
from contextlib import nullcontext

import cloudpickle
import keras
import numpy as np
import pytest
from recording.networks import fit, small

from tfrwc import RWCCallback, load_recording

COPIES = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda one: pickle.loads(cloudpickle.dumps(one)),
}


@pytest.fixture(params=COPIES.values(), ids=COPIES)
def copied(request):
    return request.param


@pytest.mark.parametrize("every", [2, "epoch"])
def test_a_copy_has_what_was_recorded_and_records_for_itself(copied, every):
    callback = RWCCallback(every=every)
    fit(small(), callback)
    other = copied(callback)
    values = callback.recording.values()
    np.testing.assert_array_equal(other.recording.values(), values)
    fit(small(), other, epochs=2)
    two_thirds = values[: 2 * len(values) // 3]
    np.testing.assert_array_equal(other.recording.values(), two_thirds)
    np.testing.assert_array_equal(callback.recording.values(), values)


def test_each_copy_has_a_file_of_its_own(tmp_path, copied):
    """A tuner copies its callbacks before each trial, and never runs the originals."""
    original = RWCCallback(tmp_path / "runs" / "trial-{trial:02}.parquet", every=1)
    paths = []
    for epochs in (1, 2):
        callback = copied(original)
        fit(small(), callback, epochs=epochs)
        paths.append(callback.path)
        original = callback  # also a copy of one that has run
    assert [p.name for p in paths] == ["trial-01.parquet", "trial-02.parquet"]
    assert [len(load_recording(path)) for path in paths] == [4, 8]
    assert sorted((tmp_path / "runs").iterdir()) == paths


def test_copies_of_one_path_lose_nothing(tmp_path, copied):
    original, path = RWCCallback(tmp_path / "run.parquet"), tmp_path / "run.parquet"
    for number, epochs in enumerate((1, 2)):
        with pytest.warns(UserWarning, match="finished-1") if number else nullcontext():
            fit(small(), copied(original), epochs=epochs)
    assert len(load_recording(path)) == 2
    assert len(load_recording(tmp_path / "run.finished-1.parquet")) == 1


def test_one_made_during_a_fit_is_as_if_made_between(tmp_path, copied):
    copies = []

    class Copy(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            copies.append(copied(callback))

    callback = RWCCallback(tmp_path / "run-{trial}.parquet", every=1)
    fit(small(), callback, Copy())
    assert [len(one.recording) for one in copies] == [4, 8, 12]
    assert [one.path.name for one in copies] == ["run-{trial}.parquet"] * 3


def test_a_path_in_time_is_of_its_fit(tmp_path, copied):
    original = RWCCallback(tmp_path / "{time}.parquet")
    paths = set()
    for _ in range(2):
        callback = copied(original)
        fit(small(), callback, epochs=1)
        fit(callback.model, callback, epochs=1)  # goes on in the same file
        paths.add(callback.path)
    assert set(tmp_path.iterdir()) == paths
    assert [len(load_recording(path)) for path in paths] == [2, 2]


def test_subclasses_keep_what_is_theirs(copied):
    assert copied(_Named("mine")).name == "mine"


class _Named(RWCCallback):
    def __init__(self, name):
        super().__init__(every=4)
        self.name = name

"""The files of a recording that a callback writes, and goes on with."""

import keras
import pytest
from recording.networks import fit, small

from tfrwc import RWCCallback, load_recording


def test_an_unwritable_path_fails_before_training(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"cannot write its recording.*Give the path"):
        RWCCallback(tmp_path / "file" / "run.parquet")
    with pytest.raises(OSError, match=r"it is a folder"):
        RWCCallback(tmp_path)


def test_the_file_is_whole_after_each_epoch(tmp_path):
    path, lengths = tmp_path / "new" / "run.parquet", []

    class Read(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            lengths.append(len(load_recording(path)))

    fit(small(), RWCCallback(path), Read())
    assert lengths == [0, 1, 2]
    assert len(load_recording(path)) == 3
    assert [p.name for p in path.parent.iterdir()] == ["run.parquet"]


def test_a_disk_that_fills_up_loses_no_record(tmp_path):
    path = tmp_path / "run.parquet"

    class Break(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            partial = tmp_path / "run.parquet.partial"
            if epoch == 1:
                partial.mkdir()  # no file can be opened in its place
            if epoch == 2:
                partial.rmdir()

    callback = RWCCallback(path)
    with pytest.warns(RuntimeWarning, match="could not be written"):
        fit(small(), callback, Break())
    assert len(callback.recording) == len(load_recording(path)) == 3


def test_a_restored_model_goes_on_with_its_recording(tmp_path):
    path, weights = tmp_path / "run.parquet", str(tmp_path / "last.weights.h5")
    model = small()
    fit(model, RWCCallback(path), epochs=2)
    model.save_weights(weights)
    fit(model, RWCCallback(path), epochs=3, initial_epoch=2)

    model = small()
    model.optimizer.build(model.trainable_variables)
    model.load_weights(weights)
    callback = RWCCallback(path)
    with pytest.warns(UserWarning, match=r"Dropped the last 1 of the records.*step 8"):
        fit(model, callback, epochs=4, initial_epoch=2)
    assert callback.recording.steps.tolist() == [4, 8, 12, 16]
    assert callback.recording.epochs.tolist() == [1, 2, 3, 4]


def test_a_fresh_model_does_not_overwrite_a_recording(tmp_path):
    path = tmp_path / "run.parquet"
    fit(small(), RWCCallback(path))
    with pytest.raises(ValueError, match=r"already holds 3 records.*Move that file"):
        fit(small(), RWCCallback(path))
    assert len(load_recording(path)) == 3


def test_a_recording_of_another_schedule_or_reference_is_not_gone_on_with(tmp_path):
    path, model = tmp_path / "run.parquet", small()
    fit(model, RWCCallback(path))
    with pytest.raises(
        ValueError, match=r"every EveryEpochs\(n=1\).*EverySteps\(n=2\)"
    ):
        fit(model, RWCCallback(path, every=2))
    with pytest.raises(ValueError, match=r"reference previous.*Received: initial"):
        fit(model, RWCCallback(path, reference="initial"))


@pytest.mark.parametrize("path", ["", ".", 3])
def test_a_path_that_is_none_is_named(path):
    with pytest.raises(ValueError, match=r"RWCCallback's path.*Received"):
        RWCCallback(path)


def test_a_recording_of_other_measures_is_not_gone_on_with(tmp_path):
    path, model = tmp_path / "run.parquet", small()
    fit(model, RWCCallback(path))
    with pytest.raises(ValueError, match=r"measures \('l1_ratio',\).*'cosine'"):
        fit(model, RWCCallback(path, measures="cosine"))

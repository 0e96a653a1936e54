"""Backups that survive kills."""

import shutil

import keras
import numpy as np
import pytest
from recording.networks import fit, small

from tfrwc import RWCCallback, load_recording
from tfrwc.recording import Backup


class Stop(keras.callbacks.Callback):
    """Ends a training at a step as a signal would: nothing expects it."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.step:
            raise KeyboardInterrupt


def weights(model):
    return [keras.ops.convert_to_numpy(w) for w in model.weights]


@pytest.mark.parametrize("every", ["epoch", 3])
def test_a_training_goes_on_from_the_last_backup(tmp_path, every):
    path, folder = tmp_path / "run.parquet", tmp_path / "backup"
    with pytest.raises(KeyboardInterrupt):
        fit(small(), RWCCallback(path, every=1), Backup(folder, every), Stop(7))
    assert len(list(folder.iterdir())) == 1
    model = small()
    step = 4 if every == "epoch" else 6
    with pytest.warns(UserWarning, match=rf"Dropped .* after step {step}, at which"):
        fit(model, RWCCallback(path, every=1), Backup(folder, every))
    # The epoch that was cut off begins again from its first batch.
    assert load_recording(path).steps.tolist() == [*range(1, step + 9)]
    assert not folder.exists()
    fit(model, epochs=1)  # from its first epoch
    assert int(model.optimizer.iterations) == step + 12


def test_the_state_is_that_of_the_backup(tmp_path):
    model = small()
    fit(model, Backup(tmp_path, keep=True), epochs=2)
    expected = weights(model)
    again = small()
    fit(again, Backup(tmp_path, keep=True), epochs=2)  # nothing is left to do
    for one, other in zip(weights(again), expected, strict=True):
        np.testing.assert_array_equal(one, other)
    assert int(again.optimizer.iterations) == 8


def test_a_kill_between_two_backups_leaves_the_newer(tmp_path, monkeypatch):
    monkeypatch.setattr(Backup, "_remove", lambda self, earlier: None)
    with pytest.raises(KeyboardInterrupt):
        fit(small(), Backup(tmp_path), Stop(11))
    monkeypatch.undo()
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / "partial.weights.h5").write_bytes(b"cut off")
    model = small()
    fit(model, Backup(tmp_path))
    assert int(model.optimizer.iterations) == 12


@pytest.mark.parametrize("content", [b"", b"\\x89HDF\\r\\n\\x1a\\n", None])
def test_a_backup_that_cannot_be_read_says_what_to_do(tmp_path, content):
    with pytest.raises(KeyboardInterrupt):
        fit(small(), Backup(tmp_path), Stop(7))
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(ValueError, match=r"1-epoch-1.* be restored.*Move it away"):
        fit(small(), Backup(tmp_path))


def test_of_another_model_or_not_built_it_says_so(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(small(), Backup(tmp_path), Stop(7))
    other = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(2)])
    other.compile("sgd", "mse")
    with pytest.raises(ValueError, match="of another model or optimizer"):
        fit(other, Backup(tmp_path))


@pytest.mark.parametrize("every", [0, -1, "batch", None, 1.5])
def test_arguments_are_checked_when_it_is_made(tmp_path, every):
    with pytest.raises(ValueError, match="every must be"):
        Backup(tmp_path, every)
    with pytest.raises(ValueError, match="folder must be a local path"):
        Backup("gs://bucket/backup")


def test_a_disk_that_is_full_stops_no_training(tmp_path, monkeypatch):
    """HDF5 is not let near it, which may crash Python there."""

    class Full(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                usage = shutil.disk_usage(tmp_path)._replace(free=1_000_100)
                monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)

    model, backup = small(), Backup(tmp_path, keep=True)
    with pytest.warns(RuntimeWarning, match=r"No backup could .*takes 1000\d+ bytes"):
        fit(model, Full(), backup, epochs=2)
    assert [path.name for path in tmp_path.iterdir()] == ["1-epoch-1.weights.h5"]
    monkeypatch.undo()
    fit(model, backup, epochs=3)
    assert [path.name for path in tmp_path.iterdir()] == ["3-epoch-3.weights.h5"]

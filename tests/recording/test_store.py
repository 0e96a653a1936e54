"""The files of a recording that a callback writes, and goes on with."""

import os
import sys
from contextlib import nullcontext
from threading import Event, Thread

import keras
import numpy as np
import pytest
from recording.examples import make
from recording.networks import fit, small
from recording.test_journal import full_disk

from tfrwc import RWCCallback, load_recording
from tfrwc._common.files import partial_path
from tfrwc._common.locks import Lock
from tfrwc.recording.initial import initial_path
from tfrwc.recording.journal import journal_path
from tfrwc.recording.store import Store


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
            if epoch == 1:
                self.full = full_disk(path.stat().st_size // 2)
                self.full.__enter__()
            if epoch == 2:
                self.full.__exit__(None, None, None)

    callback = RWCCallback(path)
    with pytest.warns(RuntimeWarning, match="could not be written"):
        fit(small(), callback, Break())
    assert len(callback.recording) == len(load_recording(path)) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["run.parquet"]


def grown(store, steps):
    """A recording at these steps, each added to a store, and what was then on disk."""
    recording, read = make(0), []
    store.open(None)
    store.save(recording)
    for step in steps:
        append(recording, step)
        store.add(recording)
        read.append(load_recording(store.path).steps.tolist())
    return recording, read


def append(recording, step):
    recording.append(step, 1, np.full((2, 2), step), np.zeros((2, 2)), {"loss": step})


def test_each_record_is_on_disk_at_once(tmp_path):
    store = Store(tmp_path / "run.parquet")
    _, read = grown(store, range(1, 6))
    assert read == [list(range(1, n + 1)) for n in range(1, 6)]


def test_a_file_that_cannot_be_replaced_is_followed_by_its_journal(tmp_path):
    store = Store(tmp_path / "run.parquet")
    recording, _ = grown(store, range(1, 5))
    with full_disk(100), pytest.raises(OSError, match="too large"):
        store.save(recording)
    for step in range(5, 8):
        append(recording, step)
        store.add(recording)
        assert load_recording(store.path).steps.tolist() == list(range(1, step + 1))
    store.save(recording)
    assert not journal_path(store.path).exists()


def test_a_journal_that_fills_the_disk_goes_on_when_there_is_room(tmp_path):
    store = Store(tmp_path / "run.parquet")
    recording, _ = grown(store, range(1, 3))
    append(recording, 3)
    size = journal_path(store.path).stat().st_size
    for room in (0, 7, 30):
        with full_disk(size + room), pytest.raises(OSError, match="too large"):
            store.add(recording)
        assert load_recording(store.path).steps.tolist() == [1, 2]
    append(recording, 4)
    store.add(recording)
    assert load_recording(store.path).steps.tolist() == [1, 2, 3, 4]


# An interruption between the opening of a file and its `with` leaves it to Python.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("method", ["save", "add"])
def test_interrupted_at_any_line_nothing_is_lost_or_doubled(tmp_path, method):
    """KeyboardInterrupt at every line that runs, one after the other."""
    lines, line = None, 0
    while lines is None or line < lines:
        store = Store(tmp_path / f"{method}-{line}.parquet")
        recording, _ = grown(store, [1, 2])
        if method == "add" and line % 2:
            store.save(recording)  # so that a journal is begun
        append(recording, 3)
        lines = interrupted(getattr(store, method), recording, line)
        read = load_recording(store.path).steps.tolist()
        assert read in ([1, 2], [1, 2, 3])
        append(recording, 4)
        store.add(recording)
        assert load_recording(store.path).steps.tolist() == [1, 2, 3, 4]
        store.save(recording)
        store.close()
        assert load_recording(store.path).steps.tolist() == [1, 2, 3, 4]
        line += 1
    assert line > 20


def interrupted(function, argument, line):
    """Call a function, and interrupt it at that line of the package, of so many."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        if "tfrwc" not in frame.f_code.co_filename:
            return None
        if event == "line":
            count += 1
            if count == line + 1:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(argument)
    except KeyboardInterrupt:
        return line + 2
    finally:
        sys.settrace(before)
    return line


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


def test_what_a_restored_model_drops_of_a_finished_recording_is_kept(tmp_path):
    path = tmp_path / "run.parquet"
    grown_and_finished(path, [4, 8, 12])
    store = Store(path)
    store.open(None)
    with pytest.warns(UserWarning, match=r"last 1 .*all are in run.finished-1.parquet"):
        recording = store.resume(make(0).layers, make(0).measures, SETTINGS, 8)
    assert recording.steps.tolist() == [4, 8]
    kept = load_recording(tmp_path / "run.finished-1.parquet")
    assert kept.steps.tolist() == [4, 8, 12]


SETTINGS = {"reference": "previous", "every": "x"}


def grown_and_finished(path, steps):
    store = Store(path)
    recording, _ = grown(store, steps)
    recording.settings |= {"finished": True, "every": "x"}
    store.save(recording)
    store.close()


def test_running_a_cell_twice_just_works_and_loses_nothing(tmp_path):
    path = tmp_path / "run.parquet"
    values = []
    for number in range(3):
        said = (
            rf"3 records of a training that was finished, but .* step 0: they are now "
            rf"in run\.finished-{number}\.parquet, and the recording begins anew"
        )
        callback = RWCCallback(path)
        with pytest.warns(UserWarning, match=said) if number else nullcontext():
            fit(small(), callback)
        values.append(callback.recording.values())
        np.testing.assert_array_equal(load_recording(path).values(), values[-1])
    for number in (1, 2):
        kept = load_recording(tmp_path / f"run.finished-{number}.parquet")
        np.testing.assert_array_equal(kept.values(), values[number - 1])


def test_only_the_fit_of_a_cell_run_twice_goes_on(tmp_path):
    path, model = tmp_path / "run.parquet", small()
    for _ in range(2):
        fit(model, RWCCallback(path))
    assert load_recording(path).epochs.tolist() == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("every", [1, "epoch"])
def test_an_interrupted_cell_can_be_run_again(tmp_path, every):
    """Though its first callback, which never learned of the end, is still there."""
    path, alive = tmp_path / "run.parquet", []

    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == 6:
                raise KeyboardInterrupt

    callback = RWCCallback(path, every=every)
    with pytest.raises(KeyboardInterrupt):
        fit(small(), callback, Interrupt())
    alive.append(callback)
    with pytest.warns(UserWarning, match=r"cut off.*now in run\.cut-off-1\.parquet"):
        fit(small(), RWCCallback(path, every=every))
    expected = [1, 2, 3, 4, 5, 6] if every == 1 else [4]
    kept = load_recording(tmp_path / "run.cut-off-1.parquet")
    assert kept.steps.tolist() == expected == callback.recording.steps.tolist()
    assert load_recording(path).epochs[-1] == 3
    with pytest.raises(OSError, match="no longer what this callback wrote"):
        fit(small(), callback)


def test_two_callbacks_of_one_fit_on_one_path_are_refused(tmp_path):
    path = tmp_path / "run.parquet"
    first, second = RWCCallback(path), RWCCallback(os.path.relpath(path))
    for _ in range(2):
        with pytest.raises(OSError, match=r"Another callback of this fit records to"):
            fit(small(), first, second)
    fit(small(), second)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.parquet"]


def test_a_fit_in_another_thread_is_refused_while_it_runs(tmp_path):
    path, entered, goes_on = tmp_path / "run.parquet", Event(), Event()

    class Wait(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            entered.set()
            goes_on.wait(60)

    thread = Thread(target=lambda: fit(small(), RWCCallback(path), Wait()))
    thread.start()
    try:
        assert entered.wait(60)
        with pytest.raises(OSError, match=r"in the thread .* of this process is recor"):
            fit(small(), RWCCallback(path))
    finally:
        goes_on.set()
        thread.join()
    assert len(load_recording(path)) == 3


def test_a_fit_in_another_process_is_refused_and_named(tmp_path):
    path = tmp_path / "run.parquet"
    lock = Lock(path)  # of which this process' callbacks do not know
    with pytest.raises(OSError, match=rf"by process {os.getpid()} on .* since"):
        fit(small(), RWCCallback(path))
    lock.release()
    fit(small(), RWCCallback(path))


def test_what_kills_left_beside_it_is_removed(tmp_path):
    path = tmp_path / "run.parquet"
    for name in (path, initial_path(path)):
        partial_path(name).write_bytes(b"part")
    (tmp_path / "run.parquet.lock").write_text("{")
    fit(small(), RWCCallback(path))
    assert [p.name for p in tmp_path.iterdir()] == ["run.parquet"]


def test_a_change_of_the_working_folder_does_not_split_a_recording(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()

    class Move(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            os.chdir(tmp_path / ("elsewhere" if epoch % 2 else "."))

    fit(small(), RWCCallback("run.parquet", every=2), Move())
    assert len(load_recording(tmp_path / "run.parquet")) == 6
    assert not any((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("address", ["gs://b/run.parquet", "memory://run.parquet"])
def test_another_store_is_refused_when_the_callback_is_made(
    tmp_path, monkeypatch, address
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="RWCCallback's path must be a local path"):
        RWCCallback(address)
    with pytest.raises(ValueError, match="must be a local path"):
        make().save(address)
    with pytest.raises(ValueError, match="must be a local path"):
        load_recording(address)
    assert not any(tmp_path.iterdir())


def test_existing_recordings_are_refused_if_asked(tmp_path):
    path = tmp_path / "run.parquet"
    fit(small(), RWCCallback(path, on_existing="error"))
    with pytest.raises(ValueError, match=r"already holds 3 records.*Move that file"):
        fit(small(), RWCCallback(path, on_existing="error"))
    assert len(load_recording(path)) == 3
    with pytest.raises(ValueError, match="on_existing must be one of 'continue'"):
        RWCCallback(path, on_existing="overwrite")


def test_a_new_recording_is_begun_if_asked_even_where_one_could_go_on(tmp_path):
    path, model = tmp_path / "run.parquet", small()
    fit(model, RWCCallback(path, reference="initial"))
    with pytest.warns(UserWarning, match=r"step 12: they are now in run\.finished-1"):
        fit(model, RWCCallback(path, on_existing="new"))
    assert load_recording(path).steps.tolist() == [16, 20, 24]
    names = sorted(p.name for p in tmp_path.iterdir())
    kept = "run.finished-1.parquet"
    assert names == [kept, f"{kept}.initial.npz", "run.parquet"]


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


@pytest.mark.skipif(sys.platform != "linux", reason="names are text elsewhere")
def test_a_name_that_is_not_utf_8(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/r\xff.parquet")
    model, callback = small(), RWCCallback(path, every=1)
    for _ in range(2):
        fit(model, callback, epochs=1)
    assert load_recording(path).steps.tolist() == [*range(1, 9)]

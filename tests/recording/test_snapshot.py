"""A recording as it is at one moment, while it is written."""

import os
import signal
import subprocess
import sys
import threading
from itertools import pairwise

import numpy as np
import pytest
from conftest import ROOT
from recording.examples import make

from tfrwc import load_recording
from tfrwc._common.locks import Lock, LockedError
from tfrwc.recording import parquet
from tfrwc.recording.journal import Journal, journal_path
from tfrwc.recording.records import Origin

ORIGIN = Origin("ab" * 16, 3)


def write(path, base, total, origin=ORIGIN, of=None):
    """A file of some records, and a journal of those after them."""
    whole, head = make(total), make(total)
    head.drop_after(10 * base)
    parquet.write(path, head.contents(ORIGIN))
    journal = Journal(journal_path(path), origin, base if of is None else of)
    for record in whole.since(base).records():
        journal.append(record)
    journal.close()


def test_the_file_and_what_follows_it(tmp_path):
    path = tmp_path / "run.parquet"
    write(path, 2, 5)
    read, whole = load_recording(path), make(5)
    assert read.steps.tolist() == whole.steps.tolist()
    np.testing.assert_array_equal(read.values("cosine"), whole.values("cosine"))


def test_a_journal_of_an_earlier_state_is_left_out(tmp_path):
    """As a kill leaves it between the new file and the removal of its journal."""
    path = tmp_path / "run.parquet"
    write(path, 2, 5, origin=ORIGIN._replace(writes=2))
    assert len(load_recording(path)) == 2


@pytest.mark.parametrize("origin", [ORIGIN._replace(writes=4), Origin("cd" * 16, 0)])
def test_a_journal_of_what_is_not_there_is_left_out_with_a_warning(tmp_path, origin):
    path = tmp_path / "run.parquet"
    write(path, 2, 5, origin=origin)
    with pytest.warns(UserWarning, match=r"up to step 50, but goes on from another"):
        assert len(load_recording(path)) == 2
    write(path, 2, 2, origin=origin)  # it holds nothing that is missed
    assert len(load_recording(path)) == 2


def test_a_journal_of_another_number_of_records_is_damaged(tmp_path):
    path = tmp_path / "run.parquet"
    write(path, 2, 5, of=3)
    with pytest.raises(ValueError, match=r"goes on from 3 records, but .* holds 2"):
        load_recording(path)


def test_what_is_before_a_damage_can_be_saved(tmp_path):
    path = tmp_path / "run.parquet"
    write(path, 2, 5)
    content = bytearray(journal_path(path).read_bytes())
    content[-1] ^= 1
    journal_path(path).write_bytes(content)
    with pytest.raises(
        ValueError,
        match=r"journal is damaged at byte \d+: a record's checksum.*The 2 records "
        r"before it are whole, as are the 2 in run\.parquet.*salvage=True",
    ):
        load_recording(path)
    with pytest.warns(UserWarning, match="What follows is left out"):
        rest = load_recording(path, salvage=True)
    assert rest.steps.tolist() == [10, 20, 30, 40]
    rest.save(path)
    assert load_recording(path).steps.tolist() == [10, 20, 30, 40]
    assert [p.name for p in tmp_path.iterdir()] == ["run.parquet"]


def test_a_journal_of_more_layers_than_the_file_is_damaged(tmp_path):
    path = tmp_path / "run.parquet"
    write(path, 2, 2)
    wide = next(make(1).records())
    ones, zeros = np.ones((2, 9), np.float32), np.zeros((2, 9), np.uint8)
    wide = wide._replace(values=ones, flags=zeros)
    journal = Journal(journal_path(path), ORIGIN, 2)
    journal.append(wide)
    with pytest.raises(ValueError, match="record 1 has 9 layers, more than the 2"):
        load_recording(path)


def test_where_there_is_no_folder_or_one_of_that_name_it_says_so(tmp_path):
    with pytest.raises(OSError, match=r"cannot be written to .*there is no .*Give the"):
        make().save(tmp_path / "missing" / "run.parquet")
    with pytest.raises(OSError, match="that is a folder"):
        make().save(tmp_path)


def test_a_recording_that_is_being_made_is_not_written_over(tmp_path):
    path = tmp_path / "run.parquet"
    make(2).save(path)
    lock = Lock(path)
    with pytest.raises(LockedError, match="being written by process"):
        make(4).save(path)
    lock.release()
    assert len(load_recording(path)) == 2


@pytest.mark.parametrize(
    "origin", ["x", [1, 2], ["ab" * 16, -1], ["ab" * 16, 0, 0], {"a": 1}]
)
def test_a_damaged_origin_is_named(tmp_path, origin):
    path = tmp_path / "run.parquet"
    parquet.write(path, make().contents(origin))
    with pytest.raises(ValueError, match=r"not a readable recording.*its origin"):
        load_recording(path)


WRITER = """
import sys
sys.path.insert(0, {tests!r})
import numpy as np
from recording.examples import make
from tfrwc.recording.store import Store
store = Store({path!r})
store.open(None)
for run in range(1_000_000):
    recording = make(0)
    store.save(recording)
    for step in range(1, 71):
        values = np.full((2, 2), step, np.float32)
        recording.append(step, step // 7, values, np.zeros((2, 2)), {{"run": run}})
        store.add(recording)
        if step % 7 == 0:
            store.save(recording)
            print(run, step, flush=True)
"""


def torn(recording):
    """Whether a recording of `WRITER` has holes, doubles or other values."""
    steps = recording.steps
    expected = np.arange(1, len(steps) + 1)
    values = recording.values("cosine")[:, 0]
    return not (np.array_equal(steps, expected) and np.array_equal(values, expected))


def read_while_written(path, reads):
    """Read a recording that another process writes.

    Returns:
        How many reads were torn, how many had fewer records than one before of the
        same recording, or an earlier recording's, and how many there were at most.
    """
    script = WRITER.format(tests=str(ROOT / "tests"), path=str(path))
    states, faults = [(0, 0)], 0
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as writer:
        drain = threading.Thread(target=writer.stdout.read)
        try:
            assert writer.stdout.readline()
            drain.start()
            for _ in range(reads):
                recording = load_recording(path)
                faults += torn(recording)
                if len(recording):
                    states.append((recording.logs["run"].iloc[0], len(recording)))
            assert writer.poll() is None
        finally:
            writer.send_signal(signal.SIGKILL)
            drain.join()
    fewer = sum(after < before for before, after in pairwise(states))
    return faults, fewer, max(length for _, length in states)


def test_no_read_is_torn(tmp_path):
    faults, fewer, most = read_while_written(tmp_path / "run.parquet", 300)
    assert (faults, fewer) == (0, 0)
    assert most > 20


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_of_many_reads_none_is_torn(tmp_path):
    reads = int(os.environ.get("TFRWC_READS", 3000))
    faults, fewer, most = read_while_written(tmp_path / "run.parquet", reads)
    print(f"{reads} reads: {faults} torn, {fewer} with fewer records, up to {most}")
    assert (faults, fewer) == (0, 0)
    assert most > 50

"""A lock that ends with its process."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import ROOT

from tfrwc._common import locks
from tfrwc._common.locks import Lock, LockedError, is_held

HOLDER = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from tfrwc._common.locks import Lock
lock = Lock(Path({path!r}))
if {forks}:
    child = os.fork()
    if not child:
        os.write(1, b"child\\n")
        sys.stdin.read()  # until the test is over
        os._exit(0)
    os.write(1, b"%d\\n" % child)
os.write(1, b"held\\n")  # a line in one call, so that no two are mixed
sys.stdin.read()
"""


def holder(path, forks=False):
    script = HOLDER.format(root=str(ROOT), path=str(path), forks=forks)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = []
    while len(lines) < (3 if forks else 1):
        lines.append(process.stdout.readline().strip())
        assert lines[-1], "the holder failed"
    return process, [int(line) for line in lines if line.isdigit()]


def test_who_does_not_want_it_is_told_whether_it_is_held(tmp_path):
    path = tmp_path / "run"
    assert not is_held(path)
    lock = Lock(path)
    assert is_held(path)
    lock.release()
    assert not is_held(path)
    process, _ = holder(path)
    assert is_held(path)
    process.kill()
    process.communicate()
    note = path.with_name("run.lock")
    assert note.exists()
    assert not is_held(path)
    # Its number is that of another process by now.
    about = json.loads(note.read_text())
    note.write_text(json.dumps(about | {"process": os.getpid()}))
    assert not is_held(path)
    # Of other hosts, and while the note is written, nothing is known.
    note.write_text(json.dumps(about | {"host": "elsewhere"}))
    assert is_held(path)
    for text in ("", "{", "[]", '{"host": 3}'):
        note.write_text(text)
        assert is_held(path)
    Lock(path).release()  # whatever the note says
    assert not is_held(path)


def test_one_holds_it_and_the_next_is_told_who(tmp_path):
    path = tmp_path / "run"
    lock = Lock(path)
    with pytest.raises(LockedError, match=rf"by process {os.getpid()} on .* since 20"):
        Lock(path)
    with pytest.raises(LockedError, match="Wait for it or end it"):
        Lock(path)
    lock.release()
    assert list(tmp_path.iterdir()) == []
    lock.release()  # nothing happens
    Lock(path).release()


def test_forgotten_it_is_released(tmp_path):
    lock = Lock(tmp_path / "run")
    del lock  # nothing else refers to it, so that it is gone at once
    Lock(tmp_path / "run").release()


def test_a_killed_process_holds_it_no_longer(tmp_path):
    path = tmp_path / "run"
    process, _ = holder(path)
    with process:
        with pytest.raises(LockedError, match=rf"by process {process.pid} on"):
            Lock(path)
        process.send_signal(signal.SIGKILL)
    Lock(path).release()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_that_lives_on_does_not_hold_it(tmp_path):
    path = tmp_path / "run"
    process, [child] = holder(path, forks=True)
    try:
        with process:
            with pytest.raises(LockedError):
                Lock(path)
            process.send_signal(signal.SIGKILL)
        os.kill(child, 0)  # it lives
        Lock(path).release()
    finally:
        os.kill(child, signal.SIGKILL)


def test_threads_hold_it_one_at_a_time(tmp_path):
    path, held, most = tmp_path / "run", [], []

    def work():
        for _ in range(50):
            try:
                lock = Lock(path)
            except LockedError:
                continue
            held.append(1)
            most.append(len(held))
            time.sleep(0.0005)
            held.pop()
            lock.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most
    assert set(most) == {1}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_without_locks_of_the_file_system_it_says_so(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", flock)
    with pytest.warns(RuntimeWarning, match="without locks.*nothing else writes"):
        Lock(tmp_path / "run").release()

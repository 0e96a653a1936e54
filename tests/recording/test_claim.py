"""Which fit may write a path."""

from itertools import count, repeat
from threading import Thread

import pytest

from tfrwc._common.locks import LockedError
from tfrwc.recording.claim import Claim, first_free


def in_thread(function):
    results = []
    thread = Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_a_later_fit_of_the_same_thread_takes_over(tmp_path):
    first = Claim(tmp_path / "run", fit={})
    second = Claim(tmp_path / "run", fit={})
    assert (first.is_held, second.is_held) == (False, True)
    first.release()  # changes nothing
    assert second.is_held
    second.release()
    assert not any(tmp_path.iterdir())


def test_the_same_fit_does_not(tmp_path):
    fit = {}
    claim = Claim(tmp_path / "run", fit)
    with pytest.raises(LockedError, match="Another callback of this fit"):
        Claim(tmp_path / "run", fit)
    assert claim.is_held


def test_a_loop_without_parameters_takes_over(tmp_path):
    first = Claim(tmp_path / "run", None)
    second = Claim(tmp_path / "run", None)
    assert (first.is_held, second.is_held) == (False, True)


def test_a_thread_that_has_ended_has_no_fit(tmp_path):
    claim = in_thread(lambda: Claim(tmp_path / "run", fit={}))
    assert Claim(tmp_path / "run", fit={}).is_held
    assert not claim.is_held


def test_another_thread_may_yet_run(tmp_path):
    claim = Claim(tmp_path / "run", fit={})

    def refused():
        with pytest.raises(LockedError, match="in the thread 'MainThread' of this"):
            Claim(tmp_path / "run", fit={})
        return claim.is_held

    assert in_thread(refused)


def test_a_link_to_the_folder_is_the_same_path(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    fit = {}
    claim = Claim(tmp_path / "folder" / "run", fit)
    with pytest.raises(LockedError):
        Claim(tmp_path / "link" / "run", fit)
    assert claim.is_held


def test_the_first_free_path(tmp_path):
    fit = {}
    (tmp_path / "1").touch()
    running = Claim(tmp_path / "2", fit)
    paths = (tmp_path / str(i) for i in count(1))
    assert first_free(paths, fit).path == tmp_path / "3"
    assert running.is_held
    assert first_free(repeat(tmp_path / "1"), fit).path == tmp_path / "1"
    with pytest.raises(LockedError):
        first_free(repeat(tmp_path / "2"), fit)

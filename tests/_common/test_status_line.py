"""The line of a file or a pipe, and that of a terminal."""

import time

import pytest

from tfrwc._common import status_line
from tfrwc._common.activity import doing
from tfrwc._common.status_line import shown


@pytest.fixture
def stderr(monkeypatch, capsys):
    """A function: what was written to stderr, no terminal; lines come early."""
    monkeypatch.setattr(status_line, "_FIRST", 0.05)
    monkeypatch.setattr(status_line, "_RARER", 1.0)
    return lambda: capsys.readouterr().err


def test_lines_of_a_file_are_plain_and_ever_rarer(stderr):
    with shown("study"), doing("epoch", of=3) as epochs:
        time.sleep(1)
        epochs.advance()
        time.sleep(0.7)
    written = stderr()
    lines = written.splitlines()
    assert lines[0] == "epoch 1 of 3: 0:00"
    # After 0.05, 0.1, 0.2, 0.4, 0.8 and 1.6 s, as each waits as long as all before it.
    assert 4 <= len(lines) <= 6
    assert lines[-1].startswith(("epoch 1 of 3: 0:0", "epoch 2 of 3: 0:01"))
    assert not set("\r\x1b\b") & set(written)


def test_what_is_over_is_not_shown(stderr):
    with shown("study"):
        pass
    time.sleep(0.2)
    assert stderr() == ""


def test_one_within_another_is_a_part_of_it(stderr):
    with shown("study") as study:
        with shown("epoch", of=4) as epochs:
            assert study.within is epochs
        time.sleep(0.07)
    assert stderr() == "study: 0:00\n"


def test_an_error_ends_the_line(stderr):
    with pytest.raises(ValueError, match="x"), shown("study"):
        raise ValueError("x")
    time.sleep(0.2)
    assert stderr() == ""


def test_without_a_command_nothing_is_shown(stderr):
    with doing("epoch", of=3):
        time.sleep(0.2)
    assert stderr() == ""

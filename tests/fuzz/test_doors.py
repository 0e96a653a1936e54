"""Damaged files of every format: the right data or an error that names the file.

``TFRWC_FUZZ_CASES=1000 pytest -m slow tests/fuzz`` has more files than CI damages.
"""

import os

import pytest

from fuzz import run

QUICK = {
    "fuzz.recordings:BYTES": 80,
    "fuzz.recordings:BYTES_OF_BEFORE": 80,
    "fuzz.recordings:STRUCTURE": 80,
    "fuzz.recordings:REWRITTEN": 40,
    "fuzz.checkpoints:WEIGHTS": 80,
    "fuzz.checkpoints:STRUCTURE_BYTES": 80,
    "fuzz.checkpoints:STRUCTURE": 60,
    "fuzz.checkpoints:ARCHIVES": 60,
    "fuzz.checkpoints:CONFIGS": 40,
    "fuzz.texts:STATEMENT": 80,
    "fuzz.texts:RELEASE": 80,
    "fuzz.texts:MANIFEST": 40,
}
"""How many files the fast tests damage; a door that needs Keras takes minutes."""

SLOW = {
    **dict.fromkeys(QUICK, 800),
    "fuzz.models:MODEL": 300,
    "fuzz.models:CONFIG": 100,
}


@pytest.mark.parametrize("door", QUICK)
def test_some_damaged_files(door):
    counts = run(door, QUICK[door], seed=1)
    assert not counts.faults, counts.faults


@pytest.mark.slow
@pytest.mark.parametrize("door", SLOW)
def test_many_damaged_files(door):
    cases = int(os.environ.get("TFRWC_FUZZ_CASES", SLOW[door]))
    counts = run(door, cases, seed=2)
    print(door, counts)
    assert not counts.faults, counts.faults

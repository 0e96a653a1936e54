"""Damaged data sets, ledgers and examples: the right data, or an error of ours.

``TFRWC_FUZZ_CASES=1000 pytest -m slow tests/fuzz`` damages as many files of each.
"""

import os

import pytest

from fuzz import run

QUICK = {
    "fuzz.sources:ARCHIVE": 100,
    "fuzz.sources:PNG_STORED": 100,
    "fuzz.sources:FOLDER": 100,
    "fuzz.steps:LINEAGE": 100,
    "fuzz.steps:SEALED": 100,
}
"""How many files the fast tests damage."""

SLOW = [
    *QUICK,
    *(f"fuzz.sources:{name}" for name in ("COMPRESSED", "ARRAYS", "FOLDER_BYTES")),
    *(f"fuzz.sources:{name}" for name in ("XRAYS", "XRAY_ARRAYS", "PNG", "JPEG")),
    *(f"fuzz.sources:{name}" for name in ("TIFF", "TIFF_RAW", "WEBP", "GIF", "BMP")),
    *("fuzz.sources:PPM", "fuzz.steps:RUN_AGAIN"),
    *("fuzz.steps:EXAMPLES", "fuzz.steps:ABOUT"),  # these start TensorFlow
]


@pytest.mark.parametrize("door", QUICK)
def test_some_damaged_files(door):
    counts = run(door, QUICK[door], seed=1)
    assert not counts.faults, counts.faults


@pytest.mark.slow
@pytest.mark.parametrize("door", SLOW)
def test_many_damaged_files(door):
    counts = run(door, int(os.environ.get("TFRWC_FUZZ_CASES", 1000)), seed=2)
    print(door, counts)
    assert not counts.faults, counts.faults

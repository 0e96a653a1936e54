"""Damaged data sets, ledgers and examples: the right data, or an error of ours.

``TFRWC_FUZZ_CASES=1000 pytest -m slow tests/fuzz`` damages as many files of each.
"""

import os

import pytest

from fuzz import run

QUICK = {
    **{f"fuzz.sources:{name}": 50 for name in ("ARCHIVE", "COMPRESSED", "ARRAYS")},
    **{f"fuzz.sources:{name}": 50 for name in ("XRAYS", "XRAY_ARRAYS")},
    **{f"fuzz.sources:{name}": 50 for name in ("PNG", "PNG_STORED", "JPEG", "TIFF")},
    **{f"fuzz.sources:{name}": 50 for name in ("TIFF_RAW", "WEBP", "GIF", "BMP")},
    **{f"fuzz.sources:{name}": 50 for name in ("PPM", "FOLDER", "FOLDER_BYTES")},
    **{f"fuzz.steps:{name}": 50 for name in ("LINEAGE", "OF_OLD", "RUN_AGAIN")},
}
"""How many files the fast tests damage."""

SLOW = (*QUICK, "fuzz.steps:EXAMPLES", "fuzz.steps:ABOUT")
"""The last two start TensorFlow."""


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

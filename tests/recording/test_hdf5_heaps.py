"""Heaps of HDF5 files, checked before the library goes through them."""

import io

import h5py
import numpy as np
import pytest

from tfrwc.recording.hdf5_heaps import check_heaps


@pytest.fixture(scope="module")
def content():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for i in range(300):  # of several heaps
            file.create_group(f"layers/dense_{i}/vars").attrs["name"] = f"n{i}" * 9
        file["data"] = np.zeros(1000)
    return buffer.getvalue()


def check(content):
    check_heaps(io.BytesIO(content), len(content))


def test_heaps_that_are_whole_pass(content):
    assert content.count(b"GCOL") > 1
    check(content)
    check(b"")
    check(b"no heap")


@pytest.mark.parametrize("size", [0, 8, 2**31, 2**63])
def test_an_object_of_another_size_is_noticed(content, size):
    start = content.index(b"GCOL")
    for at in (start + 8, start + 24):  # of the heap, of its first object
        damaged = content[:at] + size.to_bytes(8, "little") + content[at + 8 :]
        with pytest.raises(ValueError, match=rf"heap at byte {start}"):
            check(damaged)


def test_heaps_are_found_across_blocks(content, monkeypatch):
    start = content.rindex(b"GCOL")
    damaged = content[: start + 8] + bytes(8) + content[start + 16 :]
    for block in range(start - 2, start + 12):
        monkeypatch.setattr("tfrwc.recording.hdf5_heaps._BLOCK", block)
        check(content)
        with pytest.raises(ValueError, match=rf"heap at byte {start}"):
            check(damaged)

"""Initial weights beside a recording."""

import random

import ml_dtypes
import numpy as np
import pytest

from tfrwc.recording.initial import initial_path, read_initial, write_initial

WEIGHTS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.ones((2,), ml_dtypes.bfloat16),
    np.zeros((), np.float64),
]
SHAPES = [(2, 3), (2,), ()]


def test_they_come_back(tmp_path):
    path = tmp_path / "run.parquet"
    write_initial(path, WEIGHTS)
    for array, weights in zip(read_initial(path, SHAPES), WEIGHTS, strict=True):
        np.testing.assert_array_equal(array, weights.astype(array.dtype))


def test_missing_or_of_other_layers_they_are_named(tmp_path):
    path = tmp_path / "run.parquet"
    with pytest.raises(ValueError, match=r"run\.parquet\.initial\.npz beside it cann"):
        read_initial(path, SHAPES)
    write_initial(path, WEIGHTS)
    for shapes in (SHAPES[:2], SHAPES[::-1], []):
        with pytest.raises(ValueError, match="they are of other layers"):
            read_initial(path, shapes)


def test_damaged_they_are_named_or_the_same(tmp_path):
    path, chance, said = tmp_path / "run.parquet", random.Random(0), []
    write_initial(path, WEIGHTS)
    content = initial_path(path).read_bytes()
    for number in range(1000):
        damaged = bytearray(content)
        at = chance.randrange(len(content))
        if number % 2:
            damaged[at] ^= 1 << chance.randrange(8)
        else:
            del damaged[at : at + chance.choice([1, 4, 1000])]
        initial_path(path).write_bytes(damaged)
        try:
            arrays = read_initial(path, SHAPES)
        except ValueError as error:
            said.append(str(error))
            continue
        for array, weights in zip(arrays, WEIGHTS, strict=True):
            np.testing.assert_array_equal(array, weights.astype(array.dtype))
    assert len(said) > 700
    assert all("Restore that file" in text for text in said)

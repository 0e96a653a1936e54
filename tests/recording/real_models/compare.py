"""A recording against the calculation, by callback and from files."""

import zipfile
from dataclasses import replace

import h5py
import numpy as np
from numpy.testing import assert_allclose

COLUMNS = ("name", "path", "kind", "shape", "size", "depth")


def check_table(recording, rows, columns=COLUMNS):
    """Each row of a table of layers is the one that the oracle has there."""
    for column in columns:
        found = recording.layers[column].tolist()
        expected = [getattr(row, column) for row in rows]
        assert found == expected, differences(column, found, expected)


def differences(column, found, expected):
    """What differs between two lists, in words."""
    if len(found) != len(expected):
        only = [each for each in found if each not in expected]
        missing = [each for each in expected if each not in found]
        return f"{column}: {only} are too many, {missing} are missing"
    pairs = zip(found, expected, strict=True)
    wrong = [pair for pair in pairs if pair[0] != pair[1]]
    return f"{column}: {len(wrong)} differ (found, expected), such as {wrong[:5]}"


def check_values(recording, changes, what=""):
    """The values are those of float64, and NaN where the weights were zero."""
    found = recording.values("l1_ratio")
    assert found.dtype == np.float32
    assert_allclose(found, changes, rtol=1e-5, atol=1e-12, err_msg=what)


def check_callback(recording, states, chosen):
    """The recording of a callback."""
    check_table(recording, [states.rows[i] for i in chosen])
    found = recording.values("l1_ratio")
    changes = np.array(states.changes)[:, chosen]
    skipped = len(found) - len(changes)  # epochs whose start the oracle has not seen
    assert_allclose(found[skipped:], changes, rtol=1e-5, atol=1e-12)
    assert recording.steps.tolist() == states.steps
    assert recording.epochs.tolist() == [*range(1, len(states.steps) + 1)]


def check_whole_files(recording, states, chosen, stored):
    """Files that tell all that a callback does, but for paths, which are their own."""
    rows = [states.rows[i] for i in chosen]
    rows = [replace(row, name=row.name_in_files) for row in rows]
    check_table(recording, rows, [c for c in COLUMNS if c != "path"])
    check_values(recording, np.array(states.file_changes)[:, chosen])
    for path, i in zip(recording.layers["path"], chosen, strict=True):
        assert_allclose(stored(path), states.arrays[i][1], rtol=1e-6, err_msg=path)


def check_partial_files(recording, states, chosen, stored, known_depths):
    """Files that tell less: what they tell is true, and the rest is unknown.

    Their rows are found by the numbers in them.
    """
    left = list(chosen)
    columns = zip(*(recording.layers[c] for c in COLUMNS), strict=True)
    values = recording.values("l1_ratio").T
    depths = 0
    for (name, path, kind, shape, size, depth), value in zip(
        columns, values, strict=True
    ):
        i = number_of(stored(path), states, left)
        assert i is not None, f"{path} is no kernel, or not a weight of the model"
        left.remove(i)
        row = states.rows[i]
        assert (shape, size) == (row.shape, row.size)
        assert kind in (row.kind, "unknown"), f"{path}: {kind}, but it is {row.kind}"
        own = [
            each.split("#")[0].rpartition("/")[2] for each in (name, row.name_in_files)
        ]
        assert own[0] in (own[1], row.variable.name) or own[0].isdecimal(), (name, row)
        assert np.isnan(depth) or depth == row.depth, f"{path}: depth {depth}, {row}"
        depths += not np.isnan(depth)
        assert_allclose(value, np.array(states.file_changes)[:, i], rtol=1e-5)
    assert not left, f"not in the files: {[states.rows[i].path for i in left]}"
    assert depths == known_depths, f"{depths} depths are known, not {known_depths}"


def number_of(array, states, left):
    """Which of the oracle's weights a tensor of a file is, of those that are left."""
    for i in left:
        own = states.arrays[i][1]
        if own.shape == array.shape and np.allclose(own, array, rtol=1e-6, atol=0):
            return i
    return None


class Stored:
    """Reads tensors from a weights file by their path, with h5py alone."""

    def __init__(self, path):
        self.path = path
        if path.suffix == ".keras":
            with zipfile.ZipFile(path) as archive:
                self.path = archive.extract("model.weights.h5", path.with_suffix(""))

    def __enter__(self):
        self.file = h5py.File(self.path, "r")
        return self

    def __exit__(self, *_):
        self.file.close()

    def __call__(self, path):
        data = self.file[path]
        array = data[()]
        if data.attrs.get("dtype") == "bfloat16":
            # The upper half of a float32.
            array = (array.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        return array

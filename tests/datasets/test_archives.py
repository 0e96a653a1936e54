"""Sets in .npz files."""

import os
import zipfile

import numpy as np
import pytest

from tfrwc import datasets
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE


@pytest.mark.parametrize("damage", ["truncated", "keys", "text"])
def test_a_damaged_archive_is_named(tmp_path, monkeypatch, damage):
    path = tmp_path / "mnist.npz"
    if damage == "text":
        path.write_text("nothing")
    else:
        names = ("x_train", "y_train", "x_test") + (("y_test",) * (damage != "keys"))
        np.savez(path, **{name: np.zeros((9, 4, 4), np.uint8) for name in names})
        if damage == "truncated":
            os.truncate(path, path.stat().st_size // 2)
            assert not zipfile.is_zipfile(path)
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(tmp_path))
    with pytest.raises(OSError, match=r"mnist\.npz cannot be read as the set 'mnist'"):
        datasets.load("mnist")

"""Images of two classes."""

import numpy as np
import pytest
from studies.privacy.xrays import xray_folder

from tfrwc.studies.privacy import data
from tfrwc.studies.privacy.runs import members_of


def test_digits_are_split_once_and_for_all():
    task = data.load("digits")
    sizes = [len(part.y) for part in (task.train, task.held_out, task.test)]
    assert sum(sizes) == 1797
    assert sizes[1] == pytest.approx(sizes[0] / 9, abs=1)
    for part in (task.train, task.held_out, task.test):
        assert 0.45 < part.y.mean() < 0.55
    again = data.load("digits")
    np.testing.assert_array_equal(task.held_out.x, again.held_out.x)
    chosen = members_of(task)
    assert len(set(chosen)) == len(chosen) == 2 * sizes[1]
    assert sorted(chosen) != list(range(len(chosen)))


def test_no_patient_is_both_trained_on_and_held_out(tmp_path):
    task = data.load("xrays", xray_folder(tmp_path, 30))
    trained, held_out = set(task.train.patients), set(task.held_out.patients)
    assert len(trained) + len(held_out) == 60
    assert not trained & held_out
    assert len(held_out) == 6
    assert task.classes == ("NORMAL", "PNEUMONIA")
    assert task.images_per_patient >= 2
    assert task.shape == (64, 64, 1)


def test_a_damaged_x_ray_is_named(tmp_path):
    root = xray_folder(tmp_path, 2)
    (root / "chest_xray" / "train" / "NORMAL" / "IM-9-9.jpeg").write_bytes(b"")
    with pytest.raises(ValueError, match=r"train/NORMAL/IM-9-9.jpeg is empty. Replace"):
        data.load("xrays", root)


def test_x_rays_need_a_folder(monkeypatch):
    monkeypatch.delenv("TFRWC_DATA_DIR", raising=False)
    with pytest.raises(ValueError, match="Set it, or take the data set digits"):
        data.load("pneumoniamnist")
    with pytest.raises(ValueError, match="no task 'mnist'"):
        data.load("mnist")


def test_pneumonia_mnist_is_split_as_published(data_dir):
    task = data.load("pneumoniamnist", data_dir)
    sizes = [len(part.y) for part in (task.train, task.held_out, task.test)]
    assert sizes == [4708, 524, 624]
    assert task.test.y.mean() == pytest.approx(0.625)
    assert task.shape == (28, 28, 1)

"""Files that were replaced are noticed, whatever their size and time."""

import os

import numpy as np

from tfrwc.datasets.fingerprint import fingerprint
from tfrwc.datasets.xray_archives import MedMNIST


def test_contents_count(tmp_path):
    path = tmp_path / "folder" / "a.png"
    path.parent.mkdir()
    found = set()
    for text in ("one", "two", "one"):
        path.write_text(text)
        os.utime(path, ns=(0, 10**18))
        found |= {fingerprint(path), fingerprint(path.parent)}
    assert len(found) == 4
    (path.parent / ".DS_Store").write_text("of a system")
    os.mkfifo(path.parent / "pipe.hidden")
    (path.parent / "loop").symlink_to(path.parent)
    os.unlink(path.parent / "pipe.hidden")
    assert fingerprint(path.parent) in found
    os.mkfifo(path.parent / "pipe")
    assert fingerprint(path.parent) not in found  # and does not wait for it


def test_copies_differ_only_by_time(tmp_path):
    for name, time in (("a", 1), ("b", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("same")
        os.utime(tmp_path / name / "file", ns=(0, time * 10**18))
    (tmp_path / "c").mkdir()
    (tmp_path / "b").rename(tmp_path / "c" / "a")
    one, other = tmp_path / "a", tmp_path / "c" / "a"
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one, times=False) == fingerprint(other, times=False)


def test_an_archive_of_x_rays_that_is_replaced_is_read_again(tmp_path):
    path = tmp_path / "a.npz"
    for grey in (1, 2, 3):
        x, y = np.full((2, 28, 28), grey, np.uint8), np.array([[0], [1]])
        arrays = {}
        for split in ("train", "val", "test"):
            arrays |= {f"{split}_images": x, f"{split}_labels": y}
        np.savez(path, **arrays)
        os.utime(path, ns=(0, 10**18))
        source = MedMNIST(str(path))
        assert source.keys("val") == ["val/00000", "val/00001"]
        assert (source.read("val/00001")["image"] == grey).all()

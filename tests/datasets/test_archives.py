"""Sets in .npz files."""

import os
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from tfrwc import datasets
from tfrwc.datasets.archives import read_archive
from tfrwc.datasets.catalogue import DATA_DIR_VARIABLE, DataSet


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


ROW = DataSet(
    name="own",
    description="One's own.",
    size=4,
    uses=("classification",),
    reader="tfrwc.datasets.archives:read_archive",
    file="own.npz",
)
X = np.arange(30 * 4 * 4, dtype=np.uint8).reshape(30, 4, 4)
Y = np.arange(30) % 3


def read(tmp_path, classes=None, **changed):
    path = tmp_path / "own.npz"
    np.savez(path, **({"x_train": X, "y_train": Y, "x_test": X, "y_test": Y} | changed))
    return read_archive(replace(ROW, classes=classes), path)


GOOD = {
    "columns": {"x_train": np.asfortranarray(X), "y_train": Y[:, None]},
    "64 bits": {"x_train": X.astype(np.int64), "y_train": Y.astype(np.uint8)},
    "the other end first": {"x_train": X.astype(">i4"), "y_train": Y.astype(">i2")},
    "whole real labels": {"y_train": Y.astype(np.float32)},
}


@pytest.mark.parametrize("name", GOOD)
def test_what_has_one_meaning_is_read(tmp_path, name):
    images = read(tmp_path, **GOOD[name])
    np.testing.assert_array_equal(images.x_train[..., 0], X)
    np.testing.assert_array_equal(images.y_train, Y)
    assert images.x_train.dtype == np.uint8
    assert images.class_names == ("0", "1", "2")


def test_true_and_false_are_two_classes(tmp_path):
    images = read(tmp_path, y_train=Y > 0, y_test=Y > 0)
    assert images.y_train.tolist() == (Y > 0).astype(int).tolist()


BAD = {
    "40 labels": ({"y_train": np.arange(40) % 3}, r"class of each of 30.*\(40,\)"),
    "20 labels": ({"y_test": Y[:20]}, r"y_test in .*class of each of 30"),
    "one-hot": ({"y_train": np.eye(3)[Y]}, r"np\.argmax\(y, axis=1\)"),
    "one-hot whole": ({"y_train": np.eye(3, dtype=int)[Y]}, r"np\.argmax"),
    "nan": ({"y_train": np.where(Y == 1, np.nan, Y)}, "whole numbers from 0"),
    "infinite": ({"y_train": np.where(Y == 1, np.inf, Y)}, "whole numbers from 0"),
    "fractions": ({"y_train": Y / 2}, "whole numbers from 0"),
    "text": ({"y_train": np.array(["cat", "dog", "eel"])[Y]}, "return_inverse"),
    "below 0": ({"y_train": Y - 1}, r"Received: -1 to 1"),
    "huge": ({"y_train": Y * 10**12}, r"0\.\.29, .*Received: 0 to 2000000000000"),
    "huge real": ({"y_train": Y * 1e300}, "whole numbers from 0"),
    "from 1": ({"y_train": Y + 1}, "no training image of class 0"),
    "a gap": ({"y_train": Y * 2}, "no training image of class 1"),
    "only in test": ({"y_test": Y + 1}, "no training image of class 3"),
    "one class": ({"y_train": Y * 0}, "one class only"),
    "0 to 1": ({"x_train": X / 255}, r"np\.rint\(x \* 255\)"),
    "0.0 to 255.0": ({"x_train": X.astype(np.float32)}, r"np\.rint\(x\)"),
    "nan in images": ({"x_train": np.full_like(X, np.nan, float)}, "not finite"),
    "16 bits": ({"x_train": X.astype(np.uint16) << 8}, r"x >> 8"),
    "below 0 in images": ({"x_train": X.astype(int) - 128}, r"from -128 to 127"),
    "black and white": ({"x_train": X > 9}, r"astype\(np\.uint8\) \* 255"),
    "text in images": ({"x_train": X.astype(str)}, "pixels as uint8"),
    "none": ({"x_train": X[:0], "y_train": Y[:0]}, "nothing in it"),
    "no test": ({"x_test": X[:0], "y_test": Y[:0]}, "nothing in it"),
    "flat": ({"x_train": X.reshape(30, 16)}, r"x\.reshape\(n, height, width\)"),
    "a number": ({"x_train": np.array(3)}, r"shape \(\)"),
    "channels first": ({"x_train": np.stack([X] * 3, 1)}, r"np\.moveaxis\(x, 1, -1\)"),
    "transparency": ({"x_train": np.stack([X] * 4, -1)}, "transparency"),
    "video": ({"x_train": np.zeros((30, 2, 4, 4, 3), np.uint8)}, r"\(30, 2, 4, 4, 3\)"),
    "sizes": ({"x_test": X[:, :3]}, r"\(4, 4, 1\), test images \(3, 4, 1\)"),
    "colours": ({"x_test": np.stack([X] * 3, -1)}, "Bring them to one shape"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_set_is_refused_by_name(tmp_path, name):
    changed, reason = BAD[name]
    with pytest.raises(ValueError, match=reason) as raised:
        read(tmp_path, **changed)
    assert "own.npz" in str(raised.value)


def test_classes_that_the_table_knows_need_no_images(tmp_path):
    assert len(read(tmp_path, classes=10, y_train=Y * 2).class_names) == 5
    with pytest.raises(ValueError, match=r"0\.\.2, for so many classes"):
        read(tmp_path, classes=3, y_train=Y * 2)

"""Image sets by name, file, folder and TFDS."""

import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfrwc import datasets
from tfrwc.datasets.sources import DATA_DIR_VARIABLE

REAL = {
    "mnist": ((60000, 28, 28, 1), 10000, 10),
    "fashion_mnist": ((60000, 28, 28, 1), 10000, 10),
    "cifar10": ((8068, 32, 32, 3), 1017, 10),
    "pneumoniamnist": ((4708, 28, 28, 1), 624, 2),
    "chest_xray_64": ((5216, 64, 64, 1), 624, 2),
}


def check(images):
    for x, y in ((images.x_train, images.y_train), (images.x_test, images.y_test)):
        assert x.dtype == np.uint8
        assert x.ndim == 4
        assert y.dtype == np.int64
        assert y.shape == (len(x),)
        assert 0 <= y.min() <= y.max() < len(images.class_names)


def test_digits():
    digits = datasets.load("digits")
    check(digits)
    assert digits.x_train.shape == (1437, 8, 8, 1)
    assert digits.x_test.shape == (360, 8, 8, 1)
    assert digits.x_train.max() == 255
    assert "scikit-learn" in digits.origin
    # The same split every time, with no image in both parts by position.
    np.testing.assert_array_equal(digits.y_test, datasets.load("digits").y_test)


@pytest.mark.parametrize("name", REAL)
def test_real_sets(name, data_dir, monkeypatch):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(data_dir))
    images = datasets.load(name)
    check(images)
    shape, tests, classes = REAL[name]
    assert images.x_train.shape == shape
    assert len(images.x_test) == tests
    assert len(images.class_names) == classes


def test_majority_rate_of_the_real_x_rays(data_dir, monkeypatch):
    monkeypatch.setenv(DATA_DIR_VARIABLE, str(data_dir))
    assert datasets.load("chest_xray_64").majority_rate == 390 / 624


def save(path, size=(6, 5), mode="L", seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    shape = (*size[::-1], 3) if mode == "RGB" else size[::-1]
    Image.fromarray(rng.integers(0, 256, shape, np.uint8)).save(path)


def test_folder_with_train_and_test(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for name in ("cat", "dog"):
            for i in range(count):
                save(tmp_path / split / name / f"{i}.png", seed=i)
    images = datasets.load(tmp_path)
    check(images)
    assert images.class_names == ("cat", "dog")
    assert images.x_train.shape == (6, 5, 6, 1)
    assert images.y_test.tolist() == [0, 0, 1, 1]
    saved = np.asarray(Image.open(tmp_path / "train" / "dog" / "2.png"))
    np.testing.assert_array_equal(images.x_train[5, ..., 0], saved)


def test_folder_without_split_holds_out_a_fifth_of_each_class(tmp_path):
    for name in ("a", "b"):
        for i in range(10):
            save(tmp_path / name / f"{i}.jpeg", seed=i)
    images = datasets.load(tmp_path)
    assert np.bincount(images.y_test).tolist() == [2, 2]
    assert "held out" in images.origin


def test_sixteen_bits_keep_their_range(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        for i in range(5):
            path = tmp_path / name / f"{i}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(rng.integers(0, 2**16, (9, 9), np.uint16)).save(path)
    pixels = datasets.load(tmp_path).x_train
    # 648 uniform pixels have a mean of 127.5 with a deviation of 2.9.
    assert abs(pixels.mean() - 127.5) < 15


def test_train_and_test_must_have_the_same_classes(tmp_path):
    for path in ("train/a", "train/b", "test/a", "test/b", "test/c"):
        save(tmp_path / path / "1.png")
    with pytest.raises(ValueError, match=r"same classes in train and test"):
        datasets.load(tmp_path)


def test_too_few_images_to_hold_out(tmp_path):
    for name in ("a", "b"):
        for i in range(4):
            save(tmp_path / name / f"{i}.png", seed=i)
    with pytest.raises(ValueError, match=r"class of 4 images.*folders train and test"):
        datasets.load(tmp_path)


def test_mixed_sizes_and_colours_become_one(tmp_path):
    for split in ("train", "test"):
        save(tmp_path / split / "a" / "grey.png")
        save(tmp_path / split / "b" / "large.png", (40, 30), "RGB")
    images = datasets.load(tmp_path, size=16)
    assert images.x_train.shape == (2, 16, 16, 3)
    grey = images.x_train[0]
    assert (grey == grey[..., :1]).all()


@pytest.mark.parametrize("content", [b"", b"not an image", "truncated"])
def test_a_corrupt_image_is_named(tmp_path, content):
    for name in ("a", "b"):
        for i in range(5):
            save(tmp_path / name / f"{i}.png", (64, 64))
    bad = tmp_path / "b" / "3.png"
    whole = bad.read_bytes()
    bad.write_bytes(whole[: len(whole) // 2] if content == "truncated" else content)
    with pytest.raises(OSError, match=r"b.3\.png is not a readable image.*remove it"):
        datasets.load(tmp_path)


def test_folders_that_hold_no_classes_say_what_is_missing(tmp_path):
    with pytest.raises(ValueError, match="two or more classes"):
        datasets.load(tmp_path)
    (tmp_path / "a").mkdir()
    save(tmp_path / "b" / "1.png")
    with pytest.raises(ValueError, match=r"a holds no images"):
        datasets.load(tmp_path)


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


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ValueError, match=r"no image set 'mnits'.*digits, mnist, fash"):
        datasets.load("mnits")


def test_a_set_that_is_not_of_images_is_refused():
    with pytest.raises(ValueError, match="not one for image classification"):
        datasets.load("imdb_reviews")


TINY = """
import numpy as np, tensorflow_datasets as tfds
from tfrwc import datasets

class TinyShapes(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")
    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict({
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(names=["dot", "bar"]),
            }),
            supervised_keys=("image", "label"),
        )
    def _split_generators(self, dl_manager):
        make = self._generate_examples
        return {"train": make(12), "test": make(4)}
    def _generate_examples(self, n):
        for i in range(n):
            image = np.full((8 + i, 9, 3), 10 * i, np.uint8)
            yield i, {"image": image, "label": i % 2}

images = datasets.load("tiny_shapes", size=12)
print(images.x_train.shape, images.x_test.shape, images.class_names, images.origin)
"""


def test_tfds_by_name(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", TINY],
        env=os.environ | {"TFDS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == (
        "(12, 12, 12, 3) (4, 12, 12, 3) ('dot', 'bar') TFDS tiny_shapes/1.0.0"
    )
